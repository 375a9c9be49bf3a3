ADDRESS QEMU
  "list_bases"
