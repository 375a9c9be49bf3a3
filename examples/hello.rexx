#!/usr/bin/env rexx
/* Runs a REXX script inside a virtual machine that was cloned a moment ago. */
SIGNAL ON ERROR
PARSE SOURCE . . me
script = LEFT(me, LASTPOS('/', me)) || 'guest/hello.rexx'

ADDRESS QEMU
"list_bases"
IF \has_base('micro') THEN DO
  SAY 'Building the base "micro" from Debian packages; the next run will find it.'
  "create_base name=micro kind=micro"
END

"provision script={script} args='the host'"

SAY
SAY 'The script ran in the VM' QEMU_VM', in' QEMU_TOTAL_MS 'ms:'
DO i = 1 TO QEMU_STAGES.0
  SAY RIGHT(QEMU_STAGES.i.MS, 7) 'ms ' QEMU_STAGES.i.NAME
END
"remove name={QEMU_VM}"
EXIT 0

has_base: PROCEDURE EXPOSE QEMU_BASES.
  PARSE ARG wanted
  DO i = 1 TO QEMU_BASES.0
    IF QEMU_BASES.i.NAME = wanted THEN RETURN 1
  END
  RETURN 0

ERROR:
  SAY 'RC' RC 'from' QEMU_OPERATION':' QEMU_ERROR
  EXIT RC
