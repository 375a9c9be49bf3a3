#!/bin/bash
# A signal while a command is at work ends the command, with RC 130, and then the script; what the command was about is as
# it was.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
requires qemu-img qemu-system-x86_64

# A machine that never stops by itself: there is nothing on its disk.
qemu-img create -q -f qcow2 blank.qcow2 16M
rexx -e 'address qemu; "register_base name=blank disk=blank.qcow2 copy=true"; if rc = 0 then "clone base=blank name=idle memory=64M accel=tcg"; exit rc'
cleanup_fn rexx -e 'address qemu "remove name=idle force=true"'

# interrupted SIGNAL COMMAND …: `code`, out.txt, err.txt of a script that gets it in the middle of `wait`
interrupted() {
    local signal=$1 pid started
    shift
    : >out.txt
    env --default-signal=INT,TERM,HUP "$@" >out.txt 2>err.txt &
    pid=$!
    wait_until 20 grep -q waiting out.txt
    sleep 0.2
    started=$SECONDS
    kill -"$signal" $pid
    code=0
    wait $pid || code=$?
    [ $((SECONDS - started)) -le 20 ] || fail "SIG$signal took $((SECONDS - started)) s to end the command"
}

cat >wait.rexx <<'REXX'
say 'waiting'
address qemu 'wait name=idle for=stopped timeout=100'
say 'not here'
REXX
{ printf '%s\n' "$LOAD"; cat wait.rexx; } >stock.rexx
for pair in INT:130 TERM:143 HUP:129; do
    interrupted "${pair%:*}" rexx ./wait.rexx
    assert_equals "${pair#*:}" $code "SIG${pair%:*}: $(cat err.txt)"
    assert_equals waiting "$(cat out.txt)"
    interrupted "${pair%:*}" "${stock[@]}" ./stock.rexx
    assert_equals 252 $code "SIG${pair%:*} in stock regina: $(cat err.txt)"
    assert_equals waiting "$(cat out.txt)"
done

# After the last clause Regina raises nothing any more.
interrupted INT rexx -e 'say "waiting"; address qemu "wait name=idle for=stopped timeout=100"'
assert_equals 130 $code 'a command that is the last clause'

cat >handled.rexx <<'REXX'
call on error
call on halt
say 'waiting'
address qemu 'wait name=idle for=stopped timeout=100'
say rc qemu_error_code
address qemu 'status name=idle'
say rc qemu_status
exit 5
error: say 'error' rc; return
halt: say 'halt'; return
REXX
{ printf '%s\n' "$LOAD"; cat handled.rexx; } >stock.rexx
for signal in INT TERM; do
    interrupted $signal rexx ./handled.rexx
    assert_equals 5 $code
    assert_equals 'waiting
error 130
halt
130 INTERRUPTED
0 running' "$(cat out.txt)"
    assert_equals '' "$(cat err.txt)"
    interrupted $signal "${stock[@]}" ./stock.rexx
    assert_equals 5 $code
    assert_contains "$(cat out.txt)" '130 INTERRUPTED
0 running'
done
