#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# CHECKPOINT: what a script in a guest says reaches the host, and what the host answers reaches the script.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

micro_base
cleanup_fn remove_all
qemu 'clone base=micro name=a'

# --- what it says, in all its forms, and bytes as they are ---
cat >forms.rexx <<'REXX'
say checkpoint('unpack', 3, 10, 'some', 'text')
call checkpoint 4, 10
say result
call checkpoint 'INIT', 'stage=initialization'
call checkpoint 'PROGRESS', 'stage=run percent=50 item=3'
call checkpoint 'JSON', '{"stage": "x", "progress": 8}'
call checkpoint 'half', 2.5, , 'no total'
call checkpoint , 1, 2, 'no stage'
call checkpoint 'bytes', 1, 2, '00090A257FE4C3A4FF'x
call checkpoint 'long', , , copies('x%', 3000)
call checkpoint
call checkpoint 'only'
REXX
cat >forms-check.rexx <<'REXX'
parse arg method
call ok 'execute_rexx vm=a stream=no script_file=forms.rexx method='method
lf = '0a'x
call equal 'continue' || lf || 'continue' || lf, qemu_stdout, 'what it is told'
call equal 11 11 'continue', qemu_checkpoint_count qemu_checkpoints.0 qemu_checkpoint_action, 'count'
call equal 'unpack|3|10|some text|continue', row(1), 'all of it'
call equal '|4|10||continue', row(2), 'the original''s form'
call equal 'INIT|||stage=initialization|continue', row(3), 'a name and a text'
call equal 'PROGRESS|50|100|stage=run percent=50 item=3|continue', row(4), 'percent'
call equal 'JSON|8|100|{"stage": "x", "progress": 8}|continue', row(5), 'progress'
call equal 'half|2.5||no total|continue', row(6), 'no total'
call equal '|1|2|no stage|continue', row(7), 'no stage'
call equal 'bytes|1|2|' || '00090A257FE4C3A4FF'x || '|continue', row(8), 'bytes'
call equal 1, length(qemu_checkpoints.9.text) > 1800 & abbrev(copies('x%', 3000), qemu_checkpoints.9.text), 'cut'
call equal '||||continue', row(10), 'nothing'
call equal 'only||||continue', row(11), 'a name alone'
call equal 1, datatype(qemu_checkpoints.11.ms, 'W'), 'milliseconds'
call ok 'execute_rexx vm=a script="say 1" stream=no method='method
call equal 0 0 'QEMU_CHECKPOINT_ACTION', qemu_checkpoint_count qemu_checkpoints.0 qemu_checkpoint_action, 'none'
call ok 'checkpoint_status'
call equal 0, qemu_count, 'none is in flight'
exit 0
row: parse arg aq_n
  return qemu_checkpoints.aq_n.stage'|'qemu_checkpoints.aq_n.current'|'qemu_checkpoints.aq_n.total ||,
    '|'qemu_checkpoints.aq_n.text'|'qemu_checkpoints.aq_n.action
REXX
for method in helper agent ssh; do
    echo "method=$method ($SECONDS s)"
    checks $method <forms-check.rexx
done

# --- a routine of the caller's: with its variables, under both interpreters; it may run commands itself ---
cat >routine.rexx <<'REXX'
seen = ''
script = 'do i = 1 to 4; answer = checkpoint("copy", i, 4, "file" i); say i answer; if answer = "abort" then exit 9; end'
signal on error
address qemu 'execute_rexx vm=a stream=no script={{script}} progress_callback=watch'
say 'not reached'
exit
error: say rc qemu_exit_code qemu_checkpoint_action strip(translate(qemu_stdout, ' ', '0a'x))
say seen
exit

watch:
  parse arg what, now, all, more, where
  seen = seen what now all more where arg()';'
  if now = 2 then do
    address qemu 'checkpoint_status vm=a'
    seen = seen 'at' qemu_streams.1.current qemu_streams.1.status qemu_count
    address qemu 'execute vm=a command="echo beside"'
    seen = seen qemu_stdout_lines.1';'
  end
  if now = 3 then return ' Abort '
  return
REXX
both routine.rexx '7 9 abort 1 continue 2 continue 3 abort
 copy 1 4 file 1 a 5; copy 2 4 file 2 a 5; at 2 running 1 beside; copy 3 4 file 3 a 5;'

# An external routine, one that is not there, one that fails, and names that cannot be.
printf 'parse arg stage, current\nif current = 2 then return "abort"\n' >outside.rexx
printf 'x = 1 / 0\n' >broken.rexx
export REGINA_MACROS=$PWD # as root, stock regina does not look in the current folder
cat >external.rexx <<'REXX'
script = 'do i = 1 to 3; say i checkpoint("x", i, 3); end; "sleep 2222"'
call on error name show
do i = 1 to 4
  name = word('outside nowhere broken 1x', i)
  address qemu 'execute_rexx vm=a stream=no script={{script}} abort_grace=500ms progress_callback={name}'
end
exit
show: say name rc qemu_error_code translate(qemu_stdout, ' ', '0a'x)
  return
REXX
both external.rexx 'outside 7 CHECKPOINT_ABORTED 1 continue 2 abort 3 abort 
nowhere 2 VALUE_INVALID 
broken 7 CHECKPOINT_ABORTED 1 abort 2 abort 3 abort 
1x 2 VALUE_INVALID QEMU_STDOUT'
guest_is a '! ps | grep "[s]leep 2222"' || fail 'a script that was to abort still runs'

# The routine ends the script: the command in the guest ends with it, a VM that was made for it goes.
cat >leave.rexx <<'REXX'
#!/usr/bin/env rexx
/* rexxjs-vm-base: micro */
/* rexxjs-vm-memory: 128M */
call checkpoint 'here', 1, 1
"sleep 3333"
REXX
cat >exits.rexx <<'REXX'
parse arg how
select
  when how = 'exit' then address qemu 'execute_rexx vm=a script_file=leave.rexx progress_callback=leave'
  when how = 'fail' then address qemu 'execute_rexx vm=a script_file=leave.rexx progress_callback=fails'
  when how = 'signal' then address qemu 'execute_rexx vm=a script_file=leave.rexx progress_callback=jump'
  otherwise address qemu 'provision script=leave.rexx name=gone stream=no progress_callback=leave'
end
say 'not reached' rc qemu_error
exit 1
leave: exit 44
fails: return 1 / 0
jump: signal elsewhere
elsewhere: address qemu 'execute vm=a command="echo after"'; say qemu_stdout_lines.1; exit 45
REXX
for interpreter in rexx "${stock[*]}"; do
    cases='exit:44 fail:214 signal:45'
    [ "$interpreter" != rexx ] || cases="$cases provision:44"
    for case in $cases; do
        { printf '%s\n' "$LOAD"; cat exits.rexx; } >loaded-exits.rexx
        # shellcheck disable=SC2086 # several words
        assert_code "${case#*:}" $interpreter ./loaded-exits.rexx "${case%:*}" >exits.out 2>exits.err
        assert_lacks "$(cat exits.out)" 'not reached' "$interpreter $case"
        guest_is a '! ps | grep "[s]leep 3333"' || fail "$interpreter $case: the script runs on"
        assert_equals 1 "$(qemu_get QEMU_COUNT list)" "VMs after $interpreter $case"
    done
done
assert_equals 0 "$(qemu_get QEMU_COUNT checkpoint_status)" 'streams left'

# --- another process looks on, holds the script, lets it go on, and ends it ---
cat >held.rexx <<'REXX'
parse arg method grace
script = 'do i = 1 to 100000; answer = checkpoint("step", i, 100000, "é"); if answer = "abort" then leave; "sleep 0.2"; end; say i answer; "sleep 5555"'
call on error name show
address qemu 'execute_rexx vm=a stream=no method={method} abort_grace={grace} script={{script}}'
exit 1
show: say rc qemu_error_code qemu_stdout_lines.1; exit
REXX
step() {
    rexx -e 'address qemu "checkpoint_status vm=a"
             say qemu_count qemu_streams.1.status qemu_streams.1.current qemu_streams.1.order'
}
current() {
    step | cut -d' ' -f3
}
for method in helper agent ssh; do
    rexx ./held.rexx $method 1s >held.out 2>&1 &
    held=$!
    wait_until 60 eval '[ "$(current)" -ge 2 ] 2>/dev/null'
    checks <<'REXX'
call ok 'checkpoint_status'
call equal 'a held.rexx' '', qemu_streams.1.vm 'held.rexx' qemu_streams.1.order, 'whose'
call equal 'execute_rexx script.rexx step é', qemu_streams.1.verb qemu_streams.1.script qemu_streams.1.stage,
  qemu_streams.1.text, 'what'
call equal 100000 'W', qemu_streams.1.total 'W', 'total'
call refused 'CHECKPOINT_NOT_FOUND', 'checkpoint_answer vm=a stream=nobody action=pause'
call refused 'VM_NOT_FOUND', 'checkpoint_answer vm=nobody action=pause'
call refused 'VALUE_INVALID', 'checkpoint_answer vm=a action=dance'
call ok 'checkpoint_answer vm=a action=pause'
call equal 'a pause', qemu_vm qemu_action, 'fields'
REXX
    wait_until 60 eval 'step | grep -q "1 paused"'
    at=$(current)
    sleep 1
    assert_equals "1 paused $at pause" "$(step)" "held ($method)"
    qemu 'checkpoint_answer vm=a action=continue' >/dev/null
    wait_until 60 eval '[ "$(current)" -gt '"$at"' ] 2>/dev/null'
    qemu 'checkpoint_answer vm=a action=abort' >/dev/null
    wait $held || fail "$(cat held.out)"
    assert_contains "$(cat held.out)" '7 CHECKPOINT_ABORTED '
    assert_contains "$(cat held.out)" ' abort'
    guest_is a '! ps | grep "[s]leep 5555"' || fail "method=$method: it runs on after its grace"
done

# Whoever runs the script is killed: it is not in flight any more.
rexx ./held.rexx helper 1s >held.out 2>&1 &
held=$!
wait_until 60 eval '[ "$(current)" -ge 1 ] 2>/dev/null'
kill -KILL $held
wait $held 2>/dev/null || true
assert_equals 0 "$(qemu_get QEMU_COUNT checkpoint_status)" 'the dead'
assert_equals '' "$(ls -A "$ADDRESS_QEMU_HOME/vms/a/checkpoints")" 'left of the dead'

# --- a guest that floods the channel with what it likes, and one without a host ---
cat >flood <<'SH'
#!/bin/sh
i=0
while [ $i -lt 12000 ]; do
  printf 'checkpoint\t1.%d\ta\t%d\t\tx\ngarbage\n\ncheckpoint\t../x\ta\t\t\t\ncheckpoint\t1\t%%ZZ\t\t\t\n' $i $i
  i=$((i+1))
done >&4
echo done
SH
checks <<'REXX'
call ok 'copy_to vm=a local=flood remote=/root/flood mode=755'
call ok 'execute_rexx vm=a method=helper rexx=/root/flood script="say 1" stream=no'
call equal 'done' 12000 10000, qemu_stdout_lines.1 qemu_checkpoint_count qemu_checkpoints.0, 'the last are kept'
call equal 11999 2000, qemu_checkpoints.10000.current qemu_checkpoints.1.current, 'the last are kept'
REXX
qemu 'stop name=a force=true' >/dev/null
assert_equals continue "$(rexx -e 'say checkpoint("here", 1, 2)')"
echo 'say checkpoint(1, 2)' >alone.rexx
both alone.rexx continue
