#!/bin/bash
# Ctrl-C, SIGTERM and SIGHUP: HALT is raised whether a command runs or not, and the exit status says which it was.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

twice=

# Starts COMMAND … with Ctrl-C as a terminal would leave it (a shell without job control has its children ignore it),
# waits until it has said "ready", sends SIGNAL (twice if so asked) and sets `code`.
signalled() {
    local signal=$1
    shift
    : >out.txt
    mkfifo -m 600 input 2>/dev/null || true
    sleep 60 >input & # keeps the reading end open and empty
    local keeper=$!
    env --default-signal=INT,TERM,HUP "$@" <input >out.txt 2>err.txt &
    local pid=$!
    wait_until 20 grep -q ready out.txt
    kill -"$signal" $pid
    [ -z "$twice" ] || { sleep 0.3; kill -"$signal" $pid; }
    code=0
    wait $pid || code=$?
    kill $keeper
    wait $keeper 2>/dev/null || true
}

printf "say 'ready'\ndo forever; address qemu 'ping'; end\n" >commands.rexx
printf "say 'ready'\ndo forever; nop; end\n" >plain.rexx
printf "address qemu 'ping'\nsay 'ready'\npull x\nsay 'not here'\n" >reading.rexx
for script in commands plain reading; do
    for pair in INT:130 TERM:143 HUP:129; do
        for try in 1 2; do
            signalled "${pair%:*}" rexx ./$script.rexx
            assert_equals "${pair#*:}" $code "$script, SIG${pair%:*}, try $try: $(cat err.txt)"
            assert_contains "$(cat err.txt)" 'Program interrupted'
            assert_lacks "$(cat out.txt)" 'not here'
        done
    done
done

# The script's own handling of HALT decides.
cat >handled.rexx <<'REXX'
signal on halt
say 'ready'
do forever; address qemu 'ping'; end
halt: say 'cleaning up'; address qemu 'ping'; say rc; exit 7
REXX
for signal in INT TERM; do
    signalled $signal rexx ./handled.rexx
    assert_equals 7 $code
    assert_equals 'ready
cleaning up
0' "$(cat out.txt)"
done

# Stock regina with the module: HALT as ever, which ends it with its own 252.
{ printf '%s\n' "$LOAD"; cat commands.rexx; } >stock.rexx
for signal in INT TERM; do
    signalled $signal "${stock[@]}" ./stock.rexx
    assert_equals 252 $code "$(cat err.txt)"
    assert_contains "$(cat err.txt)" 'Program interrupted'
done

# Again: Regina's handler has put itself in front of ours meanwhile.
cat >again.rexx <<'REXX'
say 'ready'
times = 0
again:
signal on halt
do forever; address qemu 'ping'; if rc \= 0 then exit 1; end
halt: times = times + 1
if times < 2 then signal again
address qemu 'ping'
say 'twice' rc
exit 6
REXX
{ printf '%s\n' "$LOAD"; cat again.rexx; } >stock.rexx
twice=yes
for runner in 'rexx ./again.rexx' "${stock[*]} ./stock.rexx"; do
    # shellcheck disable=SC2086 # a command line
    signalled INT $runner
    assert_equals 6 $code "$(cat err.txt)"
    assert_contains "$(cat out.txt)" 'twice 0'
done
