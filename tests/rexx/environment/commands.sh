#!/bin/bash
# The ways to give a command, and what is put into it from the caller's variables.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >ways.rexx <<'REXX'
address qemu "ping"
say rc qemu_output
address qemu
'ping'; say rc
"PING"; say rc
ping
say rc qemu_operation
address
verb = 'pi' || 'ng'
address qemu verb
say rc
address value 'qemu'
verb
say rc address()
call nested
say f(1)
interpret "'ping'; say rc"
address system
address qEmU 'Ping'
say rc qemu_operation
address qemu ''
say rc qemu_error_code
exit
nested: procedure
'ping'
say rc
return
f: procedure
'ping'
return 'from a function' rc
REXX
both ways.rexx '0 pong
0
0
0 ping
0
0 qemu
0
from a function 0
0
0 ping
2 COMMAND_EMPTY'

cat >values.rexx <<'REXX'
topic = 'ping'; t.1 = 'ping'; t.2.x = 'ping'; i = 1
address qemu 'help {{topic}}';    say rc qemu_name
address qemu 'help {{ topic }}';  say rc qemu_name
address qemu 'help {{T.i}}';      say rc qemu_name
address qemu 'help {{t.2.x}}';    say strip(rc '|' qemu_error_code)
address qemu 'help "{{topic}}"';  say rc qemu_name
x = 'x'
address qemu 'help {{t.2.x}}';    say rc qemu_error_code
drop x
address qemu 'help verb={topic}'; say rc qemu_name
address qemu 'help {{nothing}}';  say rc qemu_error_code (pos('nothing', qemu_error) > 0)
address qemu 'help "{topic}"';    say rc qemu_error_code
value = copies('y', 300000)
address qemu 'help {{value}}';    say rc qemu_error_code
value = '00'x || 'ping'
address qemu 'help {{value}}';    say rc
call scope
exit
scope: procedure
address qemu 'help {{topic}}';    say rc qemu_error_code
topic = 'help'
address qemu 'help {{topic}}';    say rc qemu_name
return
REXX
both values.rexx '0 ping
0 ping
0 ping
0 |
0 ping
2 VARIABLE_UNSET
0 ping
2 VARIABLE_UNSET 1
3 HELP_NOT_FOUND
3 HELP_NOT_FOUND
2
2 VARIABLE_UNSET
0 help'
