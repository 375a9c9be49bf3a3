#!/bin/bash
# A micro base: built, built again without a network, and what its clones have and do not share.
. "$SOURCE_DIR/tests/support/functions.sh"
requires qemu-system-x86_64 mmdebstrap mcopy syslinux

in_folder() {
    find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste -sd ' '
}

qemu 'create_base name=micro kind=micro size=256M memory=128M cpus=1' | grep -q 'base micro is built' ||
    fail 'create_base said nothing of it'
disk=$(qemu_get qemu_disk 'inspect_base name=micro')
qemu-img check -q -f qcow2 "$disk"
assert_equals $((256 << 20)) "$(qemu_get qemu_virtual_size 'inspect_base name=micro')" 'disk size'
assert_equals 1 "$(qemu_get qemu_copy 'inspect_base name=micro')" 'a private copy'
assert_equals 400 "$(stat -c %a "$disk")" 'mode of the disk'
assert_equals 'base.yaml disk.qcow2 initrd kernel' "$(in_folder "${disk%/*}")" 'what is left in the folder'

# The name is taken now.
assert_equals BASE_EXISTS "$(qemu_get qemu_error_code 'create_base name=micro kind=micro')"

# Everything that the second build needs is in the cache: a proxy that is not there does not matter.
http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 qemu 'create_base name=again kind=micro helper=false'
assert_equals 0 "$(qemu_get qemu_rexxjs_installed 'inspect_base name=again')"
assert_equals 'again micro' "$(in_folder "$ADDRESS_QEMU_HOME/bases")" 'what is left in the store'

# Two clones, one on a larger disk.
for vm in one two; do
    cleanup_fn qemu "remove name=$vm force=true"
done
qemu 'clone base=micro name=one disk=1G accel=tcg'
qemu 'clone base=micro name=two accel=tcg'
guest() {
    qemu_get qemu_stdout "execute vm=$1 ready_timeout=300 command='$2'"
}
wait_for_guest() { # VM COMMAND
    [ "$(guest "$1" "$2 && echo yes")" = yes ]
}

# The store's key is let in from the start, and nobody else's: the first contact through SSH has nothing to prepare
# but to read who the guest is.
assert_equals "$(cat "$ADDRESS_QEMU_HOME/ssh/id_ed25519.pub")" "$(guest one 'cat /root/.ssh/authorized_keys')"
assert_equals '700
600' "$(guest one 'stat -c %a /root/.ssh /root/.ssh/authorized_keys')"
assert_equals ssh "$(qemu_get qemu_method 'execute vm=one method=ssh ready_timeout=300 command=true')"
assert_equals 1 "$(guest one 'wc -l </root/.ssh/authorized_keys')"

for vm in one two; do
    assert_equals "$(id -un root)" "$(guest $vm 'id -un')"
    wait_until 120 wait_for_guest $vm 'test -s /etc/dropbear/dropbear_ed25519_host_key'
    wait_until 120 wait_for_guest $vm 'test -s /etc/resolv.conf'
done
assert_contains "$(guest one 'rexx -v 2>&1')" REXX
assert_equals one "$(guest one hostname)"
for command in 'cat /etc/machine-id' 'sha256sum </etc/dropbear/dropbear_ed25519_host_key' 'cat /proc/sys/kernel/random/boot_id'; do
    one=$(guest one "$command")
    [ -n "$one" ] || fail "nothing from: $command"
    [ "$one" != "$(guest two "$command")" ] || fail "two clones share: $command"
done
assert_equals 32 "$(guest one 'tr -d "\n" </etc/machine-id | wc -c')" 'length of the machine-id'

# The root file system fills the disk of the clone.
size() {
    guest "$1" 'df -m / | tail -n 1 | tr -s " " | cut -d" " -f2'
}
larger_than() {
    [ "$(size "$1")" -gt "$2" ]
}
wait_until 120 larger_than one 900
assert_equals 1 "$(($(size two) < 256))" 'the other disk stays as it is'

assert_contains "$(guest one 'ip -4 addr show dev eth0')" 'inet 10.'
assert_contains "$(guest one 'ip route')" default
assert_equals '600 /etc/shadow' "$(guest one 'stat -c "%a %n" /etc/shadow')"
assert_equals '' "$(guest one 'find / -xdev ! -user root')" 'files that are not root'\''s'

# The power button and a command at once, and the guest agent's own shutdown (which may end the agent before it answers).
assert_equals 'stopped one' "$(qemu 'stop name=one timeout=60')"
qemu 'execute vm=two method=agent timeout=10s command="shutdown -h -P +0"' || true
qemu 'wait name=two for=stopped timeout=60'
for vm in one two; do
    assert_equals stopped "$(qemu_get qemu_status "status name=$vm")"
    assert_lacks "$(qemu_get qemu_output "logs name=$vm lines=1000")" 'panic'
done

# What was grown and shut down is sound, and starts again.
assert_contains "$(qemu_get qemu_output 'logs name=one lines=20')" 'Power down'
qemu 'start name=one'
wait_until 120 larger_than one 900
