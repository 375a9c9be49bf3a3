#!/bin/bash
# Snapshots as a tree, with a real guest: what it writes is in its clones and snapshots, whole; each clone is a machine of its
# own; its clock and memory come back; and nothing leaves it frozen or standing still.
# shellcheck disable=SC2016 # single quotes hold text for guests
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base micro
cleanup_fn remove_all
qemu "clone base=micro name=one" >/dev/null
qemu "wait one timeout=300" >/dev/null

# identity VM: what tells a machine from others.
identity() {
    guest "$1" 'cat /etc/machine-id; hostname; cat /sys/class/net/eth0/address;
        i=0; while [ ! -s /etc/dropbear/dropbear_ed25519_host_key ] && [ $i -lt 60 ]; do sleep 1; i=$((i + 1)); done
        md5sum </etc/dropbear/dropbear_ed25519_host_key'
}
first=$(identity one)

# A clone of the running guest: what it has written is in it, also what is not on its disk yet.
guest one 'dd if=/dev/urandom of=/data bs=64k count=64 2>/dev/null; md5sum /data >/sum' # not synced
assert_equals 1 "$(qemu_get QEMU_QUIESCED "clone vm=one name=two quiesce=true")" "quiesced"
guest one 'echo later >/later; sync'
qemu "wait two timeout=300" >/dev/null
assert_equals '/data: OK' "$(guest two 'md5sum -c /sum')"
assert_equals '' "$(guest two 'ls -d /later 2>/dev/null || true')" "the clone sees what was written after it was made"
assert_equals 0 "$(guest two 'dmesg | grep -i ext4 | grep -ci recovery || true')" "the clone's journal was not empty"
second=$(identity two)
for line in 1 2 3 4; do
    [ "$(sed -n ${line}p <<<"$first")" != "$(sed -n ${line}p <<<"$second")" ] ||
        fail "line $line of the identity is shared by VM and clone: $(sed -n ${line}p <<<"$first")"
done

# Frozen by somebody who is killed: the guest goes on by itself, through our helper and through the agent.
for method in helper agent; do
    coproc QUIET { exec "$BUILD_DIR/tests/support/quiet" two $method; }
    quiet=$QUIET_PID
    read -r word <&"${QUIET[0]}"
    assert_equals frozen "$word"
    kill -KILL "$quiet"
    wait "$quiet" 2>/dev/null || true
    wait_until 60 guest_is two "timeout 20 sh -c 'echo $method >/probe-$method && sync'"
done

# Memory and clock as they were, then the clock mended: a process that notes the time shows the way back and forth.
guest one '(while :; do date +%s; sleep 0.2 2>/dev/null || sleep 1; done) >/run/times 2>&1 &
    sleep 1; echo before >/run/memory; echo before >/disk; sync'
assert_equals 1 "$(qemu_get QEMU_MEMORY "snapshot name=one snapshot_name=whole")"
taken=$(date +%s)
guest one 'rm /run/memory; echo after >/disk; sync'
sleep 6
back=$(date +%s)
assert_equals 1 "$(qemu_get QEMU_CLOCK_SET "restore name=one snapshot_name=whole")" "the clock was set"
assert_equals before "$(guest one 'cat /run/memory; ')"
assert_equals before "$(guest one 'cat /disk')"
sleep 2
guest one "cat /run/times" >times.txt
awk -v taken="$taken" -v back="$back" '
    # After a moment before the snapshot was there comes one near that of the return: the clock was first as it had been.
    last && last <= taken + 1 && $1 >= back - 2 && $1 - last >= 4 { jumped = 1 }
    { last = $1 }
    END { exit !jumped }' times.txt || fail "the guest's clock did not come back as it was and was mended then: $(tail -n 30 times.txt)"
drift=$(($(guest one 'date +%s') - $(date +%s)))
[ "${drift#-}" -le 1 ] || fail "the guest's clock is $drift s off"

# A saved state: the process goes on, and so does what is in memory.
guest one 'echo saved >/run/memory'
qemu "save_state one" >/dev/null
assert_equals saved "$(qemu_get QEMU_STATUS "status one")"
sleep 3
assert_equals 1 "$(qemu_get QEMU_CLOCK_SET "restore_state one")"
assert_equals saved "$(guest one 'cat /run/memory')"
last=$(guest one 'tail -n 1 /run/times')
sleep 1.5
[ "$(guest one 'tail -n 1 /run/times')" -gt "$last" ] || fail "what ran in the guest does not go on"
drift=$(($(guest one 'date +%s') - $(date +%s)))
[ "${drift#-}" -le 1 ] || fail "the guest's clock is $drift s off after restore_state"

# A clone at the snapshot, though the VM has gone on since.
guest one 'echo now >/disk; sync'
qemu "clone vm=one snapshot=whole name=three" >/dev/null
qemu "wait three timeout=300" >/dev/null
assert_equals before "$(guest three 'cat /disk')"
qemu "remove three force=true" >/dev/null

# A larger disk while it runs: partition and file system too; and once more when stopped.
size() { guest two "df -k / | awk 'END {print \$2}'"; }
has_more_than() { [ "$(size)" -gt "$1" ]; }
small=$(size)
assert_equals 1 "$(qemu_get QEMU_GUEST_GROWN "resize name=two disk=1500M guest=true")"
has_more_than $((small + 400000)) || fail "the file system had $small KiB and has $(size)"
assert_equals '/data: OK' "$(guest two 'md5sum -c /sum')"

# Flat while it runs, its base and all else gone from below it.
qemu "flatten two" >/dev/null
assert_equals '/data: OK' "$(guest two 'echo 3 >/proc/sys/vm/drop_caches; md5sum -c /sum')"
qemu "stop two" >/dev/null
qemu "resize name=two disk=2G guest=false" >/dev/null # its guest does it at boot, which nobody can know of a registered base
qemu "start two" >/dev/null
qemu "wait two timeout=300" >/dev/null
wait_until 60 has_more_than $((small + 800000))
assert_equals '/data: OK' "$(guest two 'md5sum -c /sum')"

# QEMU is killed in the middle, right after a freeze: what was on the disk is there, and the VM starts.
qemu "remove_snapshot name=one snapshot_name=whole" >/dev/null
guest one 'echo durable >/durable; sync'
qemu "clone vm=one name=four no_start=true" >/dev/null
guest one 'echo more >/more; sync'
kill -KILL "$(qemu_get QEMU_PID "status one")"
is_stopped() { [ "$(qemu_get QEMU_STATUS "status $1")" = stopped ]; }
wait_until 20 is_stopped one
qemu "start one" >/dev/null
qemu "wait one timeout=300" >/dev/null
assert_equals 'durable more' "$(guest one 'echo $(cat /durable /more)')"

# Down into what it stands on, once nothing else does.
qemu "remove four" >/dev/null
qemu "stop one" >/dev/null
qemu "commit one" >/dev/null
qemu "prune" >/dev/null
qemu "start one" >/dev/null
qemu "wait one timeout=300" >/dev/null
assert_equals 'durable more' "$(guest one 'echo $(cat /durable /more)')"
assert_equals "$(sed -n 1p <<<"$first")" "$(guest one 'cat /etc/machine-id')" "the VM is still the same machine"
qemu tree
