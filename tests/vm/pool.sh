#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests; what functions take is optional
# Pools: clones that are ready before they are asked for, what a claim makes of one, and that whoever is killed loses
# nothing and leaves nothing.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
cleanup_fn remove_all
cleanup_fn eval 'qemu "pool drain" >/dev/null'
checks <<'REXX'
call ok 'pool status'
call equal 0, qemu_count, 'there is none'
call refused 'KEY_MISSING', 'pool size=2'
call refused 'KEY_MISSING', 'pool base=micro'
call refused 'VALUE_INVALID', 'pool base=micro template=micro size=2'
call refused 'BASE_NOT_FOUND', 'pool base=nobody size=2'
call refused 'TEMPLATE_NOT_FOUND', 'pool template=nobody size=2'
call refused 'MEMORY_SHORT', 'pool base=micro size=1000'
call ok 'list_templates'
call equal '0', qemu_count, 'templates that were made before that was refused'
call ok 'pool drain'
call ok 'create_template base=micro warm="echo warm >/tmp/warm" name=warm settle_timeout=5s'
call refused 'MEMORY_SHORT', 'pool template=warm size=1000'
call ok 'pool template=warm size=2'
call equal '1 warm 2', qemu_count qemu_pools.1.template qemu_pools.1.size, 'the pool'
REXX
ready() { [ "$(qemu_get QEMU_POOLS.1.READY 'pool status')" = "$1" ]; }
keeper() { qemu_get QEMU_KEEPER_PID 'pool status'; }
wait_until 120 ready 2
assert_equals 0 "$(qemu_get QEMU_COUNT list)" 'what waits is no VM yet'
assert_equals TEMPLATE_IN_USE "$(qemu_get QEMU_ERROR_CODE 'remove_template warm')"

# What waits does nothing; what is claimed is a VM like any other, and as different from the next as any clone is.
waiting() { sed -n 's/^pid: //p' "$ADDRESS_QEMU_HOME"/pools/warm/*/run.yaml; }
cpu() { for pid in $(waiting); do cat "/proc/$pid/stat"; done | awk '{ sum += $14 + $15 } END { print sum }'; }
begin=$(cpu)
sleep 2
[ $(($(cpu) - begin)) -lt 20 ] || fail "two clones that wait have used $(($(cpu) - begin)) ticks"
for name in one two; do
    assert_equals pool "$(qemu_get QEMU_CLONE_MODE "clone template=warm name=$name")" "$name"
    before=$(date +%s%N)
    guest "$name" 'cat /tmp/warm; hostname; cat /etc/machine-id; cat /proc/sys/kernel/random/uuid
        od -An -tx1 /etc/dropbear/dropbear_ed25519_host_key | tr -d " \n"; echo
        date -u +%Y%m%d; /usr/local/bin/rexx -e "say time(\"L\")"' >"$name.out"
    after=$(date +%s%N)
    mapfile -t lines <"$name.out"
    assert_equals "warm $name" "${lines[*]:0:2}" 'what it is'
    now=$(date -u -d "${lines[5]} ${lines[6]}" +%s%N)
    if [ "$now" -lt $((before - 500000000)) ] || [ "$now" -gt $((after + 500000000)) ]; then
        fail "the clock of $name says $now, between $before and $after"
    fi
done
for line in 3 4 5; do
    [ "$(sed -n ${line}p one.out)" != "$(sed -n ${line}p two.out)" ] || fail "line $line is the same in both"
done
checks <<'REXX'
call ok 'inspect one'
call equal 'warm', qemu_template, 'what it is a clone of'
call refused 'VM_EXISTS', 'clone template=warm name=one'
call ok 'stop one'
call ok 'start one'
call ok 'execute vm=one command=hostname'
call has qemu_stdout, 'one', 'after a cold start'
call ok 'remove one force=true'
call ok 'remove two force=true'
REXX
wait_until 120 ready 2

# Several at once: each gets one of its own, from the pool or not.
for name in a b c; do
    qemu_get QEMU_CLONE_MODE "clone template=warm name=$name" >"$name.mode" &
done
wait
cat ./?.mode >modes
assert_equals 3 "$(grep -cxE 'pool|template' modes)" "$(cat modes)"
assert_equals 3 "$(qemu_get QEMU_COUNT list)"
remove_all

# The keeper is killed, and so is a clone that waits: the next call brings both back.
wait_until 120 ready 2
kill -KILL "$(keeper)"
kill -KILL "$(waiting | head -1)"
wait_until 20 ready 1
qemu 'pool template=warm size=2' >/dev/null
wait_until 120 ready 2
for ms in 010 025 040 060; do
    interruptible timeout -s KILL "0.$ms" rexx -e 'address qemu "clone template=warm name=killed"' >/dev/null 2>&1 &
    wait $! 2>/dev/null || true
    qemu_get QEMU_COUNT list >/dev/null
    if qemu_get QEMU_STATUS 'status killed' | grep -q running; then
        qemu 'remove killed force=true' >/dev/null
    fi
done
wait_until 120 ready 2

# A smaller pool; a base's pool makes the template that it needs; and drained there is nothing.
qemu 'pool template=warm size=1' >/dev/null
wait_until 20 ready 1
qemu 'pool base=micro size=1' >/dev/null
wait_until 120 eval '[ "$(qemu_get QEMU_POOLS.1.READY "pool status") $(qemu_get QEMU_POOLS.2.READY "pool status")" = "1 1" ]'
assert_equals 'pool micro' "$(qemu_get QEMU_CLONE_MODE 'clone base=micro name=plain') $(qemu_get QEMU_TEMPLATE 'inspect plain')"
qemu 'remove plain force=true' >/dev/null
cat >hello.rexx <<'SCRIPT'
/* rexxjs-vm-base: micro */
/* rexxjs-vm-ingress-port: 8080 */
/* rexxjs-vm-egress-ports: 5432 */
ADDRESS SYSTEM 'hostname' WITH OUTPUT STEM name.
SAY 'hello from' name.1
SCRIPT
wait_until 120 eval '[ "$(qemu_get QEMU_POOLS.1.READY "pool status")" = 1 ]'
checks <<'REXX'
call ok 'provision script=hello.rexx name=p keep_running=true'
call equal 'pool', qemu_clone_mode, 'provision takes one as well'
call has qemu_stdout, 'hello from p', 'the script'
call equal 1, datatype(qemu_ingress_port, 'W'), 'its port is forwarded'
call ok 'egress p'
call equal 'deny allow', qemu_rules.1.action qemu_rules.2.action, 'what it may reach'
call has qemu_egress, '5432', 'as the script says'
call ok 'remove p force=true'
REXX
pid=$(keeper)
assert_equals 2 "$(qemu_get QEMU_COUNT 'pool drain')"
wait_until 60 eval "! kill -0 $pid 2>/dev/null"
qemu 'remove_template warm' >/dev/null
qemu 'remove_template micro' >/dev/null
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/pools" -mindepth 1)" 'left of the pools'
assert_no_vms
