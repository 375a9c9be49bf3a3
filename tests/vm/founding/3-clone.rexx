ADDRESS QEMU
  "clone base=test-alpine name=my-vm memory=2G cpus=2 no_start=true"
