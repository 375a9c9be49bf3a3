#!/usr/bin/env rexx
/* Makes a hundred clones of a base, says what one costs, and removes them.
   rexx many-clones.rexx BASE [COUNT] */
SIGNAL ON ERROR
PARSE ARG base count .
IF base = '' THEN DO
  SAY 'usage: rexx many-clones.rexx BASE [COUNT]'
  EXIT 2
END
IF count = '' THEN count = 100

ADDRESS QEMU
CALL TIME 'R'
DO i = 1 TO count
  "clone base={base} name=many-{i} no_start"
END
took = TIME('E')
SAY count 'clones of' base', each in' FORMAT(took * 1000 / count, , 2) 'ms'

"inspect name=many-1"
SAY 'the first takes' QEMU_DISK_ALLOCATED 'bytes of the host; the guest sees' QEMU_DISK_SIZE

DO i = 1 TO count
  "remove name=many-{i}"
END
EXIT 0

ERROR:
  SAY 'RC' RC 'from' QEMU_OPERATION':' QEMU_ERROR
  EXIT RC
