#!/bin/bash
# What a command leaves in the caller's variables, in whatever way it was given, under the runner and stock regina.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >fixed.rexx <<'REXX'
address qemu 'ping'
say rc qemu_success qemu_operation qemu_output '['qemu_error']' '['qemu_error_code']'
say qemu_json
signal on novalue
address qemu 'pang'
say rc qemu_success qemu_operation '['qemu_output']' qemu_error_code
say qemu_error
exit
novalue: say 'no value:' condition('D')
REXX
both fixed.rexx '0 1 ping pong [] []
{"success":true,"rc":0,"operation":"ping","output":"pong","error":"","error_code":""}
2 0 pang [] VERB_UNKNOWN
there is no verb pang; did you mean ping?'

# Rows of a table are counted from 1, and .0 says how many there are.
cat >rows.rexx <<'REXX'
address qemu 'help'
say (qemu_verbs.0 = qemu_count) (qemu_verbs.0 > 1)
found = 0
do i = 1 to qemu_verbs.0
    if symbol('qemu_verbs.i.name') \= 'VAR' then say 'row' i 'has no name'
    if qemu_verbs.i.name = 'ping' then found = found + 1
end
say 'ping' found
j = qemu_verbs.0 + 1
say symbol('qemu_verbs.j.name')
REXX
both rows.rexx '1 1
ping 1
LIT'

# What the last command set is gone after one that does not set it.
cat >stale.rexx <<'REXX'
address qemu 'help ping'
say symbol('qemu_name') symbol('qemu_params.0')
address qemu 'help'
say symbol('qemu_name') symbol('qemu_params.0') symbol('qemu_verbs.0') symbol('qemu_verbs.1.name')
address qemu 'ping'
say symbol('qemu_name') symbol('qemu_verbs.0') symbol('qemu_verbs.1.name') symbol('qemu_count')
call inner
say symbol('qemu_verbs.0') symbol('qemu_output') 'outside'
address qemu 'ping'
say symbol('qemu_verbs.0')
address qemu 'help'
call other
say symbol('qemu_verbs.0')
address qemu 'ping'
say symbol('qemu_verbs.0') symbol('qemu_verbs.1.name')
address qemu 'help'
address qemu 'nonsense'
say symbol('qemu_verbs.0')
exit
inner: procedure
address qemu 'help'
say symbol('qemu_verbs.0') 'inside'
return
other: procedure
address qemu 'ping'
say symbol('qemu_verbs.0') 'inside'
return
REXX
both stale.rexx 'VAR VAR
LIT LIT VAR VAR
LIT LIT LIT LIT
VAR inside
LIT VAR outside
LIT
LIT inside
VAR
LIT LIT
LIT'

# A result is of any size.
cat >many.rexx <<'REXX'
address qemu 'help'
do i = 1 to 500
    address qemu 'help'
    if qemu_verbs.0 \= qemu_count then exit 1
    address qemu 'ping'
end
say rc qemu_output
REXX
both many.rexx '0 pong'
