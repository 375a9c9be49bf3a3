#!/usr/bin/env rexx
/* Registers a disk as a base, clones it, lists what there is, and clears up.
   rexx register-clone-list.rexx /path/to/disk.qcow2 */
SIGNAL ON ERROR
PARSE ARG disk
IF disk = '' THEN DO
  SAY 'usage: rexx register-clone-list.rexx DISK.qcow2'
  EXIT 2
END

ADDRESS QEMU
"register_base name=example disk={disk} memory=512M cpus=1"
SAY QEMU_OUTPUT

"clone base=example name=first memory=1G no_start=true"
SAY 'cloned' QEMU_BASED_ON 'as' QEMU_VM', its disk is' QEMU_DISK
"clone base=example no_start=true"
second = QEMU_VM

"list_bases"
DO i = 1 TO QEMU_BASES.0
  SAY 'base' QEMU_BASES.i.NAME 'has' QEMU_BASES.i.CLONES 'clones and is' QEMU_BASES.i.STATUS
END
"list"
DO i = 1 TO QEMU_VMS.0
  SAY 'VM' QEMU_VMS.i.NAME 'of' QEMU_VMS.i.BASE 'is' QEMU_VMS.i.STATUS
END

"remove name=first"
"remove name={second}"
"remove_base name=example"
EXIT 0

ERROR:
  SAY 'RC' RC 'from' QEMU_OPERATION':' QEMU_ERROR
  EXIT RC
