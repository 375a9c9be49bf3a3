#!/usr/bin/env rexx
/* rexxjs-vm-base: base-rhel-8-with-jdk17 */
/* rexxjs-vm-ingress-port: 8080 */

REQUIRE "rexxjs/address-qemu" AS QEMU

ADDRESS QEMU
  "provision script=deploy-app.rexx keep_running=true"
