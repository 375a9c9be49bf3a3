#!/usr/bin/env rexx
/* rexxjs-vm-base: micro */
/* rexxjs-vm-memory: 128M */
/* rexxjs-vm-cpus: 1 */
/* rexxjs-vm-timeout: 60 */
PARSE ARG who
ADDRESS SYSTEM 'uname -sr' WITH OUTPUT STEM kernel.
ADDRESS SYSTEM 'hostname' WITH OUTPUT STEM host.
SAY 'Hello,' who'! This is REXX in the virtual machine' host.1', under' kernel.1'.'
