#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for eval; what functions take is optional
# Larger disks of stopped VMs whose guests would not see to it: partition and file system grow too, by libguestfs, or the
# disk stays as it was.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
. "$SOURCE_DIR/tests/support/image.sh"
requires sfdisk e2fsck dumpe2fs mkfs.btrfs qemu-img
requires_libguestfs
PATH=$PATH:/usr/sbin:/sbin
cleanup_fn remove_all

# raw DISK: it as a raw file; partitions RAW: "NUMBER START SIZE" of each, in sectors, as they lie.
raw() {
    rm -f disk.raw
    qemu-img convert -O raw "$1" disk.raw
    sfdisk --verify disk.raw >verified 2>&1 || fail "$(cat verified)"
}
partitions() {
    sfdisk -d "$1" | sed -nE "s/^$1([0-9]+) *: start= *([0-9]+), size= *([0-9]+).*/\1 \2 \3/p" | sort -nk2
}
# grown RAW NUMBER MIB: the partition reaches to the end of a disk of that size; grown_ext4: its file system too, and is sound.
grown() {
    partitions "$1" | awk -v n="$2" -v end=$(($3 * 2048)) '$1 == n {rest = end - $2 - $3; if (rest >= 0 && rest < 8192) found = 1}
                                                           END {exit !found}' || fail "$(partitions "$1")"
}
grown_ext4() {
    local start size
    grown "$@"
    read -r start size < <(partitions "$1" | awk -v n="$2" '$1 == n {print $2, $3}')
    e2fsck -fn "$1?offset=$((start * 512))" >checked 2>&1 || fail "$(cat checked)"
    assert_equals $((size / 8)) "$(dumpe2fs -h "$1?offset=$((start * 512))" 2>/dev/null | awk '/^Block count:/ {print $3}')"
}

# --- a disk of the user's own, in place, with a snapshot in it; it boots ---
micro_base
cp "$(qemu_get QEMU_DISK 'inspect_base name=micro')" own.qcow2
chmod 600 own.qcow2
qemu "create image=own.qcow2 name=own memory=128M cpus=1 no_start"
qemu 'snapshot name=own snapshot_name=before'
before=$(sha256sum <own.qcow2)
size=$(qemu_get QEMU_DISK_SIZE 'inspect own')

# Killed in the middle: nothing has happened, and nothing runs on.
rexx -e 'address qemu "resize name=own disk=2G"' >killed.out 2>&1 &
pid=$!
wait_until 60 eval '! nothing_runs && ls "$ADDRESS_QEMU_HOME"/vms/own/disk-*'
sleep 2
kill -KILL $pid
wait $pid 2>/dev/null || true
wait_until 20 nothing_runs
assert_equals "$before" "$(sha256sum <own.qcow2)" 'after a kill'
checks "$size" <<'REXX'
parse arg size
call ok 'resize name=own disk=2G'
call equal 1 2147483648 size, qemu_guest_grown qemu_disk_size qemu_disk_size_before, 'grown'
call equal 1, qemu_partition_size > size & qemu_file_system_size > size, 'partition and file system'
call has qemu_output, 'its ext4 has', 'for a human'
call ok 'resize name=own disk=2G'
call has qemu_output, 'already', 'once more'
REXX
raw own.qcow2
grown_ext4 disk.raw 2 2048
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/cache" -mindepth 1 -name '*.tmp')" 'left in the cache'
qemu 'start own'
[ "$(guest own "df -k / | awk 'END {print \$2}'")" -gt 1800000 ] || fail 'the guest sees less'
assert_equals '' "$(ls "$ADDRESS_QEMU_HOME"/vms/own/disk-* 2>/dev/null)" 'left of the one that was killed'
qemu 'stop own'
qemu 'restore name=own snapshot_name=before'
assert_equals "$size" "$(qemu_get QEMU_DISK_SIZE 'inspect own')" 'the snapshot has its size'

# --- what has to be looked for: /boot of its own, the root a btrfs, an EFI partition numbered last that lies first ---
mkdir -p tree/bin tree/etc tree/boot tree/usr tree/root
printf 'root:x:0:0::/root:/bin/sh\n' >tree/etc/passwd
printf 'LABEL=root / btrfs defaults 0 0\nLABEL=boot /boot ext4 defaults 0 0\n' >tree/etc/fstab
printf 'ID=test\nNAME=test\nVERSION_ID=1\n' >tree/etc/os-release
cp /bin/true tree/bin/sh
head -c 5000000 /dev/urandom >tree/root/data
mkfs.btrfs -q -L root -b 160M --rootdir tree root.fs >/dev/null 2>&1 || mkfs.btrfs -q -L root --rootdir tree root.fs >/dev/null
mkfs.ext4 -q -F -L boot boot.fs 16M
make_disk() { # DISK PARTITION …: one with an EFI partition, /boot at 8 MiB, and the root at 24 MiB
    local disk=$1
    shift
    rm -f disk.raw
    truncate -s 256M disk.raw
    printf '%s\n' 'label: gpt' '15: start=2048, size=8192' '2: start=16384, size=32768' "$@" | sfdisk -q disk.raw
    dd if=boot.fs of=disk.raw bs=1M seek=8 conv=notrunc,sparse status=none
    dd if=root.fs of=disk.raw bs=1M seek=24 conv=notrunc,sparse status=none
    qemu-img convert -O qcow2 disk.raw "$disk"
}
make_disk cloud.qcow2 '1: start=49152'
before=$(sha256sum <cloud.qcow2)
checks <<'REXX'
call ok 'create image=cloud.qcow2 overlay=true name=cloud no_start'
call ok 'resize name=cloud disk=512M guest=false'
call equal 0, qemu_guest_grown, 'the disk alone'
call ok 'resize name=cloud disk=512M guest=true'
call equal 1, qemu_guest_grown, 'grown'
call has qemu_output, 'its btrfs has', 'for a human'
call equal 1, qemu_file_system_size > 460 * 1048576, 'nearly all of it'
REXX
assert_equals "$before" "$(sha256sum <cloud.qcow2)" 'below an overlay'
raw "$ADDRESS_QEMU_HOME/vms/cloud/disk.qcow2"
grown disk.raw 1 512
dd if=disk.raw of=root.grown bs=1M skip=24 conv=sparse status=none
btrfs check root.grown >checked 2>&1 || fail "$(cat checked)"

# --- another partition behind it: refused, unless it is said to be the disk alone ---
sed -i '/boot/d; s/btrfs/ext4/' tree/etc/fstab # found at once
rm root.fs
mkfs.ext4 -q -F -d tree root.fs 160M
make_disk hemmed.qcow2 '1: start=49152, size=409600' '3: start=458752'
before=$(sha256sum <hemmed.qcow2)
checks <<'REXX'
call ok 'create image=hemmed.qcow2 name=hemmed no_start'
call refused 'NOT_SUPPORTED', 'resize name=hemmed disk=512M'
call has qemu_error, 'another partition', 'why'
call has qemu_error, 'guest=false', 'what to do'
REXX
assert_equals "$before" "$(sha256sum <hemmed.qcow2)" 'refused'
assert_equals '' "$(ls "$ADDRESS_QEMU_HOME"/vms/hemmed/disk-* 2>/dev/null)" 'left of one that was refused'
checks <<'REXX'
call ok 'resize name=hemmed disk=512M guest=false'
call equal 0 536870912, qemu_guest_grown qemu_disk_size, 'the disk alone'
call has qemu_output, 'has not grown', 'and says so'
REXX
