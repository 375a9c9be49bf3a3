#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# Scripts in VMs of their own: what they say and return, what becomes of the VM, and what is left when it goes wrong.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
cleanup_fn remove_all
mkdir scripts
header='/* rexxjs-vm-base: micro */
/* rexxjs-vm-memory: 128M */
/* rexxjs-vm-cpus: 1 */'

# --- refused before anything is made ---
printf '%s\n' "$header" '/* rexxjs-vm-egress-ports: 443, htpps */' 'say 1' >scripts/egress.rexx
printf '%s\n' "$header" '/* rexxjs-vm-memmory: 1G */' 'say 1' >scripts/key.rexx
printf '%s\n' "$header" 'say 1' '/* rexxjs-vm-timeout: soon */' >scripts/value.rexx
printf 'say 1\n' >scripts/baseless.rexx
printf '/* rexxjs-vm-base: nothing */\n' >scripts/nobase.rexx
checks <<'REXX'
call refused 'HEADER_INVALID', 'provision script=scripts/egress.rexx'
call has qemu_error, 'scripts/egress.rexx, line 4', 'where'
call refused 'VALUE_INVALID', 'provision script=scripts/key.rexx egress=htpps'
call refused 'HEADER_INVALID', 'provision script=scripts/key.rexx'
call equal 2, rc, 'RC'
call has qemu_error, 'scripts/key.rexx, line 4', 'where'
call refused 'HEADER_INVALID', 'provision script=scripts/value.rexx'
call has qemu_error, 'scripts/value.rexx, line 5', 'where'
call equal 'header' 1 'header', qemu_stage qemu_stages.0 qemu_stages.1.name, 'stage'
call refused 'HEADER_INVALID', 'provision script=scripts/baseless.rexx'
call refused 'BASE_NOT_FOUND', 'provision script=scripts/nobase.rexx'
call refused 'FILE_NOT_FOUND', 'provision script=scripts/no-such.rexx'
call refused 'FILE_KIND', 'provision script=scripts'
call refused 'KEY_MISSING', 'provision'
REXX
assert_no_vms refused

# --- a script that does its work, with a server in it, in a VM that is kept ---
{
    # CRLF line ends, and 5 MB of it.
    printf '%s\n' "$header" '/* rexxjs-vm-ingress-port: 8080 */'
    cat <<'REXX'
parse arg all
say '['all']'
call lineout '<stderr>', 'on stderr'
address system 'hostname' with output stem host.
say host.1
say 'args:' arg()
'mkdir -p /srv/www; echo served from $(hostname) >/srv/www/index.html'
'httpd -p 8080 -h /srv/www'
'echo to stay >>/root/stay; wc -l </root/stay'
exit 0
REXX
    for _ in {1..700}; do printf '/* %07000d */\n' 7; done
} | sed 's/$/\r/' >'scripts/large one.rexx'
[ "$(stat -c %s 'scripts/large one.rexx')" -gt 4900000 ] || fail 'the script is too small'
cat >served.rexx <<'REXX'
three = 'a "b" {{c}}'
script = 'scripts/large one.rexx'
call ok "provision script={{script}} name=served keep_running snapshot=true args='one ""two""  {x} {{three}}'"
call equal 'served served running micro', qemu_vm qemu_name qemu_status qemu_based_on, 'fields'
call equal 0, qemu_exit_code, 'exit code'
call equal '[one "two"  {x} a "b" {{c}}]', qemu_stdout_lines.1, 'arguments'
call equal 'served' 'args: 1', qemu_stdout_lines.2 qemu_stdout_lines.3, 'output'
call equal 1, qemu_stdout_lines.4, 'first time'
call equal 'on stderr' || '0a'x, qemu_stderr, 'stderr'
call equal 'header clone start ready runner script network run snapshot stop', stages(), 'stages'
call equal 1, qemu_total_ms > 0, 'milliseconds'
snapshot = qemu_snapshot
call has snapshot, 'provision-', 'snapshot'
forwarded = qemu_ports.1.guest qemu_ports.1.protocol qemu_ports.1.address qemu_ports.1.host
call equal '8080 tcp 127.0.0.1' qemu_ingress_port, forwarded, 'forwarded port'
call charout 'port', qemu_ingress_port
call ok 'inspect name=served'
call equal 1 snapshot, qemu_snapshots.0 qemu_snapshots.1.name, 'inspect lists the snapshot'

/* Once more into the same VM, which runs; and into it when it has stopped. */
call ok "provision script={{script}} name=served keep_running stream=no"
call equal 'running 2', qemu_status qemu_stdout_lines.4, 'second time'
call equal '[]', qemu_stdout_lines.1, 'no arguments'
call refused 'COMMAND_SYNTAX', "provision script={{script}} name=served args='"
call ok 'register_base name=other disk={{disk}} memory=128M cpus=1'
call refused 'VM_MISMATCH', 'provision script={{script}} name=served base=other'
call has qemu_error, 'served', 'which'
call ok 'remove_base name=other'
call ok 'stop name=served'
call ok 'provision script={{script}} name=served stream=no'
call equal 'stopped 3', qemu_status qemu_stdout_lines.4, 'third time, its disk as it was'
exit 0

stages:
  aq_names = ''
  do aq_i = 1 to qemu_stages.0
    aq_names = aq_names qemu_stages.aq_i.name
    call equal 1, datatype(qemu_stages.aq_i.ms, 'W'), 'milliseconds of' qemu_stages.aq_i.name
  end
  return strip(aq_names)
REXX
disk=$(qemu_get QEMU_DISK 'inspect_base name=micro')
sed -i "1i disk = '$disk'" served.rexx
# The first provision keeps the VM running; while the rest goes on its server answers.
checks <served.rexx >served.out 2>served.err &
serving=$!
wait_until 180 eval '[ -s port ] || ! kill -0 $serving 2>/dev/null'
[ -s port ] || fail "$(cat served.err)"
wait_until 60 eval '[ "$(curl -s --max-time 5 "http://127.0.0.1:$(cat port)/")" = "served from served" ]'
wait $serving || fail "$(cat served.err)"
# The output of the first was shown as it came, that of the others was not to be.
assert_equals '[one "two"  {x} a "b" {{c}}]
served
args: 1
1' "$(tr -d '\r' <served.out)"
assert_contains "$(cat served.err)" 'on stderr'
qemu 'remove name=served'

# --- scripts that fail ---
printf '%s\n' "$header" 'say "before"; call lineout "stderr", "oops"; exit 5' >scripts/five.rexx
printf '%s\n' "$header" 'say "before"' 'x = (1 +' >scripts/syntax.rexx
printf '%s\n' "$header" '/* rexxjs-vm-timeout: 1 */' 'say "before"; "sleep 999"' >scripts/slow.rexx
checks <<'REXX'
call refused 'GUEST_COMMAND_FAILED', 'provision script=scripts/five.rexx on_error=keep name=kept'
call equal 7 5 'run', rc qemu_exit_code qemu_stage, 'exit 5'
call equal 'before' || '0a'x, qemu_stdout, 'output'
call equal 'kept running', qemu_vm qemu_status, 'kept, to be looked at'
call ok 'status name=kept'
call equal 'running', qemu_status, 'kept'

/* In the VM that is there: it stays, whatever comes, and as it was. */
call refused 'GUEST_COMMAND_FAILED', 'provision script=scripts/syntax.rexx name=kept'
call equal 7 'running', rc qemu_status, 'a syntax error; it was running before'
call has qemu_stderr, 'line 5', 'where'
call has qemu_stderr, 'syntax.rexx', 'where'
call lacks qemu_stdout, 'before', 'nothing of it was run'
call refused 'COMMAND_TIMEOUT', 'provision script=scripts/slow.rexx name=kept'
call equal 5 'run running', rc qemu_stage qemu_status, 'the header''s timeout'
call equal 'before' || '0a'x, qemu_stdout, 'output'
c = 'ps | grep "[s]leep 999" || echo none; ls /run/address-qemu/*/*.rexx 2>/dev/null | wc -l'
call ok 'execute vm=kept command={{c}}'
call equal 'none' 0, translate(strip(qemu_stdout, , '0a'x), ' ', '0a'x), 'left in the guest'
call ok 'stop name=kept'
call refused 'GUEST_COMMAND_FAILED', 'provision script=scripts/five.rexx name=kept keep_running'
call equal 'stopped', qemu_status, 'it was stopped before'
call ok 'remove name=kept force=true'

call refused 'GUEST_COMMAND_FAILED', 'provision script=scripts/five.rexx'
call equal 'removed', qemu_status, 'not kept'
call equal 'before' || '0a'x, qemu_stdout, 'output'
REXX
assert_no_vms 'after failures'

# --- a guest that never comes up ---
qemu-img create -q -f qcow2 blank.qcow2 16M
qemu 'register_base name=blank disk=blank.qcow2 memory=64M cpus=1' >/dev/null
checks <<'REXX'
call refused 'GUEST_NOT_READY', 'provision script=scripts/five.rexx base=blank ready_timeout=5s'
call equal 5 'ready' 'removed', rc qemu_stage qemu_status, 'the stage'
call has qemu_error, 'did not come up', 'error'
REXX
assert_no_vms 'after a guest that did not come up'
qemu 'remove_base name=blank' >/dev/null

# --- the host's process ends in the middle ---
printf '%s\n' "$header" 'say "begun"; "sleep 999"' >scripts/long.rexx
# Ctrl-C: no VM is left. (rexx --provision streams, exits 130.)
interruptible rexx --provision scripts/long.rexx >long.out 2>long.err &
pid=$!
wait_until 120 grep -q begun long.out
kill -INT $pid
code=0
wait $pid || code=$?
assert_equals 130 $code "$(cat long.err)"
assert_no_vms 'after Ctrl-C'

# SIGKILL: either there is no VM, or `list` shows it and `remove` removes it.
for pause in 0.01 0.05 0.1 0.15 0.2 0.3 0.5 1 3; do
    rexx --provision scripts/long.rexx >long.out 2>&1 &
    pid=$!
    sleep $pause
    kill -KILL $pid
    wait $pid 2>/dev/null || true
    names=$(rexx -e 'address qemu "list"; do i = 1 to qemu_count; say qemu_vms.i.name qemu_vms.i.status; end')
    echo "SIGKILL after $pause s: ${names:-nothing}"
    [ "$(printf '%s' "$names" | grep -c .)" -le 1 ] || fail "$names"
    [ -z "$names" ] || qemu "remove name=${names% *} force=true"
    assert_equals 0 "$(qemu_get QEMU_COUNT list)"
done
# What a killed clone has half made is cleared away by the next one.
qemu 'clone base=micro name=last no_start'
qemu 'remove name=last'
assert_no_vms 'after SIGKILL'
assert_equals '' "$(find "$XDG_RUNTIME_DIR" -name run.yaml)"
