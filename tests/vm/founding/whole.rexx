#!/usr/bin/env rexx
/* rexxjs-vm-base: base-rhel-8-with-jdk17 */
/* rexxjs-vm-memory: 4G */
/* rexxjs-vm-cpus: 2 */
/* rexxjs-vm-ingress-port: 8080 */
REQUIRE "rexxjs/address-qemu" AS QEMU
ADDRESS QEMU
  "register_base name=base-rhel-8-with-jdk17 disk=/images/rhel8.qcow2 memory=2G cpus=2"
  "clone base=base-rhel-8-with-jdk17 name=my-vm memory=2G no_start=true"
  "provision script=deploy-app.rexx keep_running=true snapshot=true"
  "list_bases"
SAY "found" QEMU_COUNT "bases"
