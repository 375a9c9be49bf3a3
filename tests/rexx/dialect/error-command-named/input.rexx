REQUIRE "rexxjs/address-qemu"
ADDRESS QEMU
clone base=debian name=web
