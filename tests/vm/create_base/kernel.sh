#!/bin/bash
# The kernel that a base of ours brings along: what boots with it, that it is the same boot, and when the disk's own counts.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
requires qemu-system-x86_64 mmdebstrap mcopy syslinux

fresh_base micro kind=micro size=256M memory=128M cpus=1
cleanup_fn remove_all
folder=$ADDRESS_QEMU_HOME/bases/micro
assert_equals "$folder/kernel" "$(qemu_get QEMU_KERNEL 'inspect_base name=micro')"

boot() { qemu_get QEMU_BOOT "inspect name=$1"; }
command_line() { guest "$1" 'cat /proc/cmdline' | sed 's/BOOT_IMAGE=[^ ]* *//; s/initrd=[^ ]* *//; s/ *$//'; }

# A larger disk has its table of partitions written anew by the guest, and is still the same boot.
qemu 'clone base=micro name=vm disk=512M accel=tcg' >/dev/null
assert_equals kernel "$(boot vm)" 'a clone'
qemu 'wait name=vm' >/dev/null
given=$(command_line vm)
grown() { [ "$(guest vm 'df -m / | tail -n 1 | tr -s " " | cut -d" " -f2')" -gt 300 ]; }
wait_until 120 grown
guest vm 'echo kept >/root/note; sync'

# A state that was saved in a machine with a kernel goes on in one without, and such a guest boots by its disk if it
# boots again.
qemu 'save_state name=vm' >/dev/null
qemu 'restore_state name=vm' >/dev/null
assert_equals state "$(boot vm)" 'restored'
assert_equals kept "$(guest vm 'cat /root/note')"
first=$(guest vm 'cat /proc/sys/kernel/random/boot_id')
guest vm 'reboot' || true
rebooted() { local now; now=$(guest vm 'cat /proc/sys/kernel/random/boot_id' 2>/dev/null) && [ "$now" != "$first" ]; }
wait_until 180 rebooted
assert_equals "$given" "$(command_line vm)" 'by the boot loader'
qemu 'stop name=vm' >/dev/null
qemu 'start name=vm' >/dev/null
assert_equals kernel "$(boot vm)" 'after the disk was grown'

# What is written to the boot partition is what counts from the next start on.
qemu 'wait name=vm' >/dev/null
assert_equals kept "$(guest vm 'cat /root/note')"
guest vm 'dd if=/dev/zero of=/dev/vda1 bs=512 seek=40959 count=1 conv=notrunc 2>/dev/null; sync'
qemu 'restart name=vm' >/dev/null
assert_equals disk "$(boot vm)" 'after the guest wrote to its boot partition'
qemu 'wait name=vm' >/dev/null
assert_equals "$given" "$(command_line vm)" 'by the boot loader'
qemu 'remove name=vm force=true' >/dev/null

# What was frozen after such a boot goes on without the kernel's files.
qemu 'create_template base=micro name=frozen' >/dev/null
cleanup_fn qemu 'remove_template frozen'
qemu 'clone template=frozen name=vm' >/dev/null
assert_equals state "$(boot vm)" 'of a template'
assert_equals "$given" "$(command_line vm)" 'what it was booted with'
qemu 'remove name=vm force=true' >/dev/null

# A kernel that is not what was built is not used; the disk is.
mv "$folder/initrd" initrd
cp initrd "$folder/initrd"
assert_equals QEMU_KERNEL "$(qemu_get QEMU_KERNEL 'inspect_base name=micro')"
qemu 'clone base=micro name=vm template=no accel=tcg' >/dev/null
assert_equals disk "$(boot vm)" 'with an initrd that was exchanged'
