ADDRESS QEMU
  "provision script=/path/to/script.rexx keep_running=true snapshot=true"
