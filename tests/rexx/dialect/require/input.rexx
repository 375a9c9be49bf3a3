#!/usr/bin/env rexx
/* rexxjs-vm-base: unused here */
REQUIRE "rexxjs/address-qemu" AS QEMU
REQUIRE "cwd:qemu-address.js" AS machines
ADDRESS QEMU
  "ping"
IF QEMU_SUCCESS = 1 THEN DO
  SAY "✓" QEMU_OPERATION RC
END
ELSE DO
  SAY "✗" QEMU_ERROR
END
ADDRESS machines "ping"
say QEMU_OUTPUT
