#!/usr/bin/env rexx
/* Makes an image from a spec, twice, and runs what it put into it.
   rexx modify.rexx BASE */
SIGNAL ON ERROR
PARSE ARG base .
IF base = '' THEN DO
  SAY 'usage: rexx modify.rexx BASE'
  EXIT 2
END
PARSE SOURCE . . program
spec = LEFT(program, LASTPOS('/', program)) || 'app.yaml'

ADDRESS QEMU
DO 2
  CALL TIME 'R'
  "modify spec={{spec}} base={base} name=example-app"
  SAY QEMU_BUILT 'steps done,' QEMU_CACHED 'there already, in' FORMAT(TIME('E') * 1000, , 0) 'ms'
END
"diff a={base} b=example-app"
SAY QEMU_OUTPUT

"clone base=example-app name=example-vm"
"execute vm=example-vm command=/srv/app/start"
SAY 'the guest says:' QEMU_STDOUT
"remove name=example-vm force"
"remove_base name=example-app"
EXIT 0

ERROR:
  SAY 'RC' RC 'from' QEMU_OPERATION':' QEMU_ERROR
  EXIT RC
