#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# Commands in a guest, through our helper, through the guest agent and through SSH: what they give back, and how they end.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
qemu "clone base=micro name=a"
cleanup_fn qemu "remove name=a force=true"
qemu "clone base=micro name=off no_start"

# What every method has to give alike.
cat >methods.rexx <<'REXX'
parse arg method
a = 'execute vm=a method='method

c = 'echo out; echo err >&2; exit 3'
call refused 'GUEST_COMMAND_FAILED', a 'command={{c}}'
call equal 7, rc, 'RC'
call equal 3, qemu_exit_code, 'exit code'
call equal 'out' || '0a'x, qemu_stdout, 'stdout'
call equal 'err' || '0a'x, qemu_stderr, 'stderr'
call equal method, qemu_method, 'method'
call has qemu_error, 'exit code 3: err', 'error'

c = 'kill -9 $$'
call refused 'GUEST_COMMAND_FAILED', a 'command={{c}}'
call equal 137, qemu_exit_code, 'killed'
call has qemu_error, 'signal 9', 'killed'
c = 'no-such-program'
call refused 'GUEST_COMMAND_FAILED', a 'command={{c}}'
call equal 127, qemu_exit_code, 'no such program'

/* Every byte there is, in and out. */
bytes = copies(xrange('00'x, 'ff'x), 64)
call ok a 'command=cat stdin={{bytes}}'
call equal bytes, qemu_stdout, 'bytes through cat'
call ok a 'command="wc -c"'
call equal 0, strip(qemu_stdout, , '0a'x), 'no standard input'

value = 'b  "c" ''d'' $HOME'
call ok a 'command="printf %s/%s ""$ONE"" ""$TWO""" env=ONE=1=1 env="TWO={{value}}"'
call equal '1=1/'value, qemu_stdout, 'environment'
call ok a 'command=pwd working_dir=/usr/local'
call equal '/usr/local' || '0a'x, qemu_stdout, 'working folder'
call ok a 'command=pwd'
call equal '/' || '0a'x, qemu_stdout, 'working folder unless given'
call refused 'GUEST_FILE_NOT_FOUND', a 'command=pwd working_dir=/no/such'
call ok a "command=""echo 'x y' | awk '{print $2}'"""
call equal 'y' || '0a'x, qemu_stdout, 'quotes and braces'

c = 'printf "one\n\nthree\nend"; printf "e1\ne2\n" >&2'
call ok a 'command={{c}}'
call equal 4, qemu_stdout_lines.0, 'lines'
call equal 'one  three end', qemu_stdout_lines.1 qemu_stdout_lines.2 qemu_stdout_lines.3 qemu_stdout_lines.4, 'lines'
call equal '2 e2', qemu_stderr_lines.0 qemu_stderr_lines.2, 'lines'
call equal 0, qemu_truncated, 'truncated'

line = copies('0123456789', 100)
c = 'yes "$L" | head -c 20000000; yes fedcba9876543210 | head -c 1700000 >&2'
call ok a 'env=L={{line}} command={{c}}'
call equal left(copies(line || '0a'x, 19981), 20000000), qemu_stdout, '20 MB of stdout'
call equal copies('fedcba9876543210' || '0a'x, 100000), qemu_stderr, '1.7 MB of stderr'
c = 'yes "$L" | head -c 5000000; echo end >&2'
call ok a 'env=L={{line}} command={{c}} max_output=1M'
call equal 1 1048576 'end' || '0a'x, qemu_truncated length(qemu_stdout) qemu_stderr, 'more than was to be kept'

/* Past its time-out all of it is dead, one that left the session too; what it had said is there. */
c = 'echo before; setsid sleep 4321 & sleep 4322 & (sleep 4323; true); echo after'
call refused 'COMMAND_TIMEOUT', a 'timeout=2500 command={{c}}'
call equal 5, rc, 'RC of a time-out'
call equal 'before' || '0a'x, qemu_stdout, 'what came before the time-out'
c = 'ps | grep -v grep | grep "sleep 432" || echo none'
call ok a 'command={{c}}'
call equal 'none' || '0a'x, qemu_stdout, 'left of' method
/* A command in the background lives on when its parent ends in time. */
c = 'sleep 5432 >/dev/null 2>&1 </dev/null & echo started'
call ok a 'command={{c}}'
call ok a 'command="pkill sleep || killall sleep"'
REXX
for method in helper agent ssh; do
    echo "method=$method ($SECONDS s)"
    checks $method <methods.rexx
done

checks <<'REXX'
call refused 'VM_NOT_FOUND', 'execute vm=nobody command=true'
call refused 'VM_NOT_RUNNING', 'execute vm=off command=true'
call refused 'VALUE_INVALID', 'execute vm=a command=true env=novalue'
call refused 'VALUE_INVALID', 'execute vm=a command=true method=telepathy'
call refused 'VALUE_INVALID', 'execute vm=a command=true working_dir=usr'
call refused 'KEY_MISSING', 'execute vm=a'
REXX

# Output is shown while the command runs: it goes on only when its first line has been seen.
cat >stream.rexx <<'REXX'
c = 'echo first; echo oops >&2; until [ -e /tmp/go ]; do sleep 0.1; done; echo second'
address qemu "execute vm=a stream=true timeout=100000 command={{c}}"
exit rc
REXX
rexx ./stream.rexx >stream.out 2>stream.err &
streaming=$!
wait_until 60 grep -q first stream.out
wait_until 60 grep -q oops stream.err
assert_lacks "$(cat stream.out)" second
guest a 'touch /tmp/go'
wait $streaming
assert_equals 'first
second' "$(cat stream.out)"
assert_equals 'oops' "$(cat stream.err)"

# Scripts at once in one guest, more of them than the helper has ports: each gets its own output.
pids=()
for i in 1 2 3 4 5 6; do
    guest a "for n in 1 2 3; do echo $i; sleep 0.2; done" >at-once.$i &
    pids+=($!)
done
for i in 1 2 3 4 5 6; do
    wait "${pids[i - 1]}"
    assert_equals "$i $i $i" "$(tr '\n' ' ' <at-once.$i | sed 's/ $//')"
done

# Ctrl-C: exit status 130, the command is dead in the guest, and the VM is as well as before.
for method in helper agent ssh; do
    cat >long.rexx <<REXX
address qemu "execute vm=a method=$method command='sleep 6543 & sleep 6544'"
say 'not reached'
REXX
    interruptible rexx ./long.rexx >long.out 2>&1 &
    pid=$!
    wait_until 60 guest_is a 'ps | grep -q "[s]leep 6544"'
    kill -INT $pid
    code=0
    wait $pid || code=$?
    assert_equals 130 $code "Ctrl-C with method=$method: $(cat long.out)"
    assert_lacks "$(cat long.out)" 'not reached'
    wait_until 20 guest_is a '! ps | grep -q "[s]leep 654"'
done
assert_equals running "$(qemu_get QEMU_STATUS 'status name=a')"

# The host's process dies without a word: so does what it ran.
sed 's/agent/helper/' -i long.rexx
interruptible rexx ./long.rexx >long.out 2>&1 &
pid=$!
wait_until 60 guest_is a 'ps | grep -q "[s]leep 6544"'
kill -KILL $pid
wait $pid 2>/dev/null || true
assert_equals ok "$(guest a 'echo ok')"

# An agent that hangs and one that is not there are told apart, within the time given; the helper serves on.
checks <<'REXX'
c = 'kill -STOP $(pidof qemu-ga)'
call ok 'execute vm=a method=helper command={{c}}'
call time 'R'
call refused 'AGENT_DEAD', 'execute vm=a method=agent ready_timeout=40s command=true'
call equal 1, time('E') < 30, 'a fast verdict' time('E')
call ok 'execute vm=a command="echo served"'
call equal 'helper', qemu_method, 'method'
c = 'kill -CONT $(pidof qemu-ga)'
call ok 'execute vm=a method=helper command={{c}}'
call ok 'execute vm=a method=agent command=true'
c = 'kill -TSTP 1; killall qemu-ga'
call ok 'execute vm=a method=helper command={{c}}'
call refused 'AGENT_MISSING', 'execute vm=a method=agent ready_timeout=3s command=true'
call ok 'execute vm=a method=helper command="kill -CONT 1"'
call ok 'execute vm=a method=agent command=true'
REXX
