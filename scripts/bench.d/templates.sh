#!/bin/bash
# shellcheck disable=SC2016 # single quotes hold REXX
# How soon a VM is ready to run commands: of a template and of a pool, against a cold boot of the same base; for how long
# a parent stands still for a fork; and what idle clones share. BENCH_BASE=debian takes a Debian guest.
. "$SOURCE_DIR/scripts/bench.d/functions"
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
kind=${BENCH_BASE:-micro}
"${kind}_base" guest
cleanup_fn remove_all
cleanup_fn eval 'qemu "pool drain" >/dev/null'
memory=$([ "$kind" = micro ] && echo 128 || echo 512)

# ready.rexx WHAT: microseconds from the command to the answer of a command run in the guest
cat >ready.rexx <<'REXX'
parse arg what
address qemu
'ping'
call time 'R'
'clone name=timed' what
'wait timed'
'execute vm=timed command=true'
us = trunc(time('E') * 1000000)
if rc \= 0 then exit rc
say us
'remove timed force=true'
REXX

cold() { rexx ./ready.rexx base=guest template=no; }
template() { rexx ./ready.rexx template=guest; }
qemu 'create_template base=guest name=guest' >/dev/null
template >/dev/null # its files are in memory now, as the base's are
read -r ours peer < <(compare 5 template cold)
row "$kind: a clone of a template, against a cold boot" "$ours" "$peer" faster "$([ "$kind" = micro ] && echo 12 || echo 20)"

pool_ready() { [ "$(qemu_get QEMU_POOLS.1.READY 'pool status')" = 2 ]; }
claim() {
    wait_until 120 pool_ready
    sleep 1
    rexx ./ready.rexx template=guest
}
qemu 'pool template=guest size=2' >/dev/null
for _ in 1 2 3 4 5; do claim; done >claims
row "$kind: a clone of a pool, against a cold boot" "$(median <claims)" "$peer" faster 100
qemu 'pool drain' >/dev/null

qemu 'clone template=guest name=parent' >/dev/null
for _ in 1 2 3 4 5; do
    echo "$(qemu_get QEMU_PAUSE_MS 'fork parent name=child')000"
    qemu 'remove child force=true' >/dev/null
done >pauses
row "$kind: how long a parent stands still for a fork" "$(median <pauses)" '' max 150000
qemu 'remove parent force=true' >/dev/null

for i in 1 2 3 4 5 6 7 8; do
    qemu "clone template=guest name=idle-$i" >/dev/null
done
sleep 3
shared=$(rexx -e 'address qemu "process_stats"; sum = 0
    do i = 1 to qemu_count; sum = sum + qemu_vms.i.pss; end
    say trunc(sum / qemu_count)')
row_size "$kind: memory (PSS) of each of eight idle clones" "$shared" $((memory * 1048576 / 4))
