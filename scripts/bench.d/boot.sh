#!/bin/bash
# How soon a VM that boots is ready to run commands: with the kernel that its base brings along, against the same base by
# firmware and boot loader.
. "$SOURCE_DIR/scripts/bench.d/functions"
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
kind=${BENCH_BASE:-micro}
memory=$([ "$kind" = micro ] && echo 256 || echo 512)
cleanup_fn remove_all
fresh_base guest kind="$kind" memory="${memory}M" cpus=1
qemu "register_base name=disk disk='$(qemu_get QEMU_DISK 'inspect_base guest')' copy=false memory=${memory}M cpus=1" >/dev/null

cat >ready.rexx <<'REXX'
parse arg base boot
address qemu
call time 'R'
'clone name=timed template=no base='base
if qemu_boot \= boot then exit 1
'wait timed'
us = trunc(time('E') * 1000000)
if rc \= 0 then exit rc
say us
'remove timed force=true'
REXX
with_kernel() { rexx ./ready.rexx guest kernel; }
by_disk() { rexx ./ready.rexx disk disk; }
read -r ours peer < <(compare 9 with_kernel by_disk)
row "$kind: a cold boot with the base's kernel, against by its disk" "$ours" "$peer" ratio 1
