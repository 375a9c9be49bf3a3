#!/usr/bin/env rexx
/* What a script can do when a command fails. */
ADDRESS QEMU

/* Look at RC and the stable name of the error. */
SIGNAL OFF ERROR
"clone base=no-such-base name=x"
IF QEMU_ERROR_CODE = 'BASE_NOT_FOUND' THEN SAY 'as expected, RC' RC':' QEMU_ERROR

/* Or be called for every failure, and go on. */
CALL ON ERROR NAME note
"start name=no-such-vm"
"sttaus"
CALL OFF ERROR

/* Or leave the normal course. */
SIGNAL ON ERROR NAME give_up
"remove name=no-such-vm"
SAY 'never reached'

give_up:
  SAY 'gave up at line' SIGL':' CONDITION('D') '->' QEMU_ERROR_CODE
  EXIT 0

note:
  SAY 'noted RC' RC 'of' QEMU_OPERATION':' QEMU_ERROR
  RETURN
