#!/bin/bash
# The host's disk is full under a running guest: QEMU has the guest stand still instead of showing it an error; that is told,
# and once there is room again it goes on and has lost nothing.
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests; what functions take is optional
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

# In a mount namespace of its own, so that the VMs' folder may be small.
if [ -z "${FULL_DISK_INSIDE-}" ]; then
    as=(-m)
    [ "$(id -u)" -eq 0 ] || as=(-Urm)
    unshare "${as[@]}" true 2>/dev/null || skip 'this user may not make a mount namespace'
    trap - EXIT
    FULL_DISK_INSIDE=1 exec unshare "${as[@]}" "$0"
fi
micro_base micro
[ -d "$ADDRESS_QEMU_HOME/vms" ] || mkdir -m 700 "$ADDRESS_QEMU_HOME/vms"
mount -t tmpfs -o size=400m,mode=700 small "$ADDRESS_QEMU_HOME/vms"
cleanup_fn umount -l "$ADDRESS_QEMU_HOME/vms"
cleanup_fn remove_all

halted() {
    rexx -e 'address qemu "status one"; if qemu_halted \== "QEMU_HALTED" then say qemu_halted'
}
is_halted() { [ -n "$(halted)" ]; }

qemu "clone base=micro name=one" >/dev/null
qemu "wait one timeout=300" >/dev/null
assert_equals '' "$(halted)" "a guest that is well"

free=$(($(stat -f -c '%a*%S' "$ADDRESS_QEMU_HOME/vms") / 1024 / 1024))
fallocate -l "$((free - 8))M" "$ADDRESS_QEMU_HOME/vms/.fill"
guest one '(dd if=/dev/urandom of=/data bs=64k count=512 && sync && md5sum /data >/run/sum) >/dev/null 2>&1 &'
wait_until 240 is_halted
assert_contains "$(halted)" "disk is full"
assert_contains "$(qemu "status one")" "has been running"
assert_contains "$(qemu "status one")" "resume name=one"
checks <<'REXX'
address qemu
call refused 'VM_PAUSED', 'execute vm=one command=true ready_timeout=2s'
call has qemu_error, 'disk is full', 'why the guest does not answer'
call refused 'NO_SPACE', 'snapshot name=one snapshot_name=s'
call refused 'NO_SPACE', 'save_state one'
REXX

rm "$ADDRESS_QEMU_HOME/vms/.fill"
qemu "resume one" >/dev/null
assert_equals '' "$(halted)" "it goes on"
wait_until 240 guest_is one 'test -s /run/sum'
assert_equals '/data: OK' "$(guest one 'echo 3 >/proc/sys/vm/drop_caches; md5sum -c /run/sum')"
assert_equals 1 "$(qemu_get QEMU_MEMORY "snapshot name=one snapshot_name=s")"
assert_equals '/data: OK' "$(guest one 'md5sum -c /run/sum')"

# In the middle of a command, too, the disk is what is told of, and not the guest that answers no more.
free=$(($(stat -f -c '%a*%S' "$ADDRESS_QEMU_HOME/vms") / 1024 / 1024))
fallocate -l "$((free - 4))M" "$ADDRESS_QEMU_HOME/vms/.fill"
checks <<'REXX'
address qemu
call refused 'VM_PAUSED', "execute vm=one command='dd if=/dev/urandom of=/more bs=64k count=512; sync' timeout=5s"
call has qemu_error, 'disk is full', 'why the guest has become silent'
REXX
rm "$ADDRESS_QEMU_HOME/vms/.fill"
