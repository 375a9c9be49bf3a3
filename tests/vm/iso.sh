#!/bin/bash
# A real guest reads a disc that is put in while it runs, keeps the drive locked while it is mounted, and finds the next
# one there when it has booted again.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
requires mke2fs

micro_base micro
cleanup_fn remove_all
mkdir files
head -c 3000000 /dev/urandom >files/data
echo "from the host" >files/greeting
mke2fs -q -t ext4 -b 4096 -d files one.iso 8M 2>/dev/null
head -c 1234567 /dev/urandom >two.iso

qemu "clone base=micro name=one" >/dev/null
qemu "wait one timeout=300" >/dev/null
guest one 'modprobe -a virtio_scsi sr_mod'
qemu "attach_iso name=one iso_path=one.iso" >/dev/null
wait_until 60 guest_is one 'test -b /dev/sr0'
assert_equals "$(sha256sum <one.iso)" "$(guest one 'sha256sum </dev/sr0')" "the disc, byte for byte"
assert_code 1 guest one 'echo x 2>/dev/null >/dev/sr0'
guest one 'mount -o ro -t ext4 /dev/sr0 /mnt'
assert_equals "from the host" "$(guest one 'cat /mnt/greeting')"
assert_equals "$(sha256sum <files/data)" "$(guest one 'sha256sum </mnt/data')"

# Mounted, it is the guest's to give.
assert_equals VM_BUSY "$(qemu_get QEMU_ERROR_CODE "detach_iso one")"
assert_equals "$PWD/one.iso" "$(qemu_get QEMU_ISO "inspect one")"
guest one 'umount /mnt'
qemu "detach_iso one" >/dev/null
assert_code 1 guest one 'dd if=/dev/sr0 of=/dev/null count=1 2>/dev/null'

# The next one, at once and after a boot; what fills no whole sector is followed by zeros.
padded=$({ cat two.iso; head -c $((2048 - 1234567 % 2048)) /dev/zero; } | sha256sum)
qemu "attach_iso name=one iso_path=two.iso" >/dev/null
assert_equals "$padded" "$(guest one 'sha256sum </dev/sr0')"
qemu "restart one" >/dev/null
qemu "wait one timeout=300" >/dev/null
guest one 'modprobe -a virtio_scsi sr_mod'
wait_until 60 guest_is one 'test -b /dev/sr0'
assert_equals "$padded" "$(guest one 'sha256sum </dev/sr0')"
