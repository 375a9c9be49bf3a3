ADDRESS QEMU
  "register_base name=test-alpine disk=/path/to/disk.qcow2 memory=512M cpus=1"
