#!/usr/bin/env rexx
/* Prepares a VM once and makes clones of it while it runs: each starts where it is, and goes its own way.
   rexx golden.rexx BASE [COUNT] */
SIGNAL ON ERROR
PARSE ARG base count .
IF base = '' THEN DO
  SAY 'usage: rexx golden.rexx BASE [COUNT]'
  EXIT 2
END
IF count = '' THEN count = 3

ADDRESS QEMU
"clone base={base} name=golden"
"execute vm=golden command='echo prepared once >/prepared'"
"snapshot name=golden snapshot_name=ready memory=false"
SAY 'prepared, and kept as it is:' QEMU_SNAPSHOT

DO i = 1 TO count
  "clone vm=golden snapshot=ready name=worker-{i}"
  "execute vm=worker-{i} command='cat /prepared; hostname'"
  SAY 'in' 'worker-'i':' QEMU_STDOUT_LINES.1 'on' QEMU_STDOUT_LINES.2
END

"tree"
SAY QEMU_OUTPUT

DO i = 1 TO count
  "remove name=worker-{i} force=true"
END
"remove name=golden force=true"
"prune"
SAY QEMU_OUTPUT
EXIT 0

ERROR:
  SAY 'RC' RC 'from' QEMU_OPERATION':' QEMU_ERROR
  EXIT RC
