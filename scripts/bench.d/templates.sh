#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold REXX; what functions take is optional
# How soon a VM is ready to run commands: of a template and of a pool, against a cold boot of the same base; what of it is
# our own time; for how long a parent stands still for a fork; what idle clones share; and that of fifty in a row none
# fails. BENCH_BASE=debian takes a Debian guest.
. "$SOURCE_DIR/scripts/bench.d/functions"
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
kind=${BENCH_BASE:-micro}
memory=$([ "$kind" = micro ] && echo 256 || echo 512)
fresh_base guest kind="$kind" memory="${memory}M" cpus=1
cleanup_fn remove_all
cleanup_fn eval 'qemu "pool drain" >/dev/null'

# ready.rexx WHAT: microseconds until it is ready. What goes on from a template is ready when `clone` returns.
cat >ready.rexx <<'REXX'
parse arg what
address qemu
'ping'
call time 'R'
'clone name=timed' what
if qemu_clone_mode = 'cold' then 'wait timed'
us = trunc(time('E') * 1000000)
if rc \= 0 then exit rc
say us
'execute vm=timed command=true'
if rc \= 0 then exit rc
'remove timed force=true'
REXX
cold() { rexx ./ready.rexx base=guest template=no; }
template() { rexx ./ready.rexx template=guest; }
qemu 'create_template base=guest name=guest' >/dev/null
template >/dev/null # its files are in memory now, as the base's are
read -r ours peer < <(compare 5 template cold)
row "$kind: a clone of a template, against a cold boot" "$ours" "$peer" faster "$([ "$kind" = micro ] && echo 12 || echo 20)"

# Processor time in microseconds of a script that runs these commands, from its start to its end; of a VM's companion
# so far, which is no child of the script's.
own() {
    local TIMEFORMAT='%U %S'
    { time rexx -e "address qemu; 'ping'; $1" >/dev/null; } 2>&1 | awk '{ print int(($1 + $2) * 1000000) }'
}
companion() {
    awk '{ print int($1 / 1000) }' "/proc/$(sed -n 's/^companion: //p' "$ADDRESS_QEMU_HOME/vms/$1/run.yaml")/schedstat"
}
for _ in 1 2 3 4 5 6 7 8 9; do
    own '' >>starts
    script=$(own "'clone template=guest name=own'")
    echo $((script + $(companion own))) >>owns
    qemu 'remove own force=true' >/dev/null
done
row "$kind: our own processor time of that, companion and all" "$(($(median <owns) - $(median <starts)))" '' max 10000

pool_ready() { [ "$(qemu_get QEMU_POOLS.1.READY 'pool status')" = 2 ]; }
qemu 'pool template=guest size=2' >/dev/null
for _ in 1 2 3 4 5; do
    wait_until 120 pool_ready
    sleep 1
    template
done >claims
row "$kind: a clone of a pool, against a cold boot" "$(median <claims)" "$peer" faster 100
qemu 'pool drain' >/dev/null

qemu 'clone template=guest name=parent' >/dev/null
for _ in 1 2 3 4 5; do
    echo "$(qemu_get QEMU_PAUSE_MS 'fork parent name=child')000"
    qemu 'remove child force=true' >/dev/null
done >pauses
row "$kind: how long a parent stands still for a fork" "$(median <pauses)" '' max 150000
remove_all

# Proportional set size, on average over the VMs that run.
pss() {
    rexx -e 'address qemu "process_stats"; sum = 0
        do i = 1 to qemu_count; sum = sum + qemu_vms.i.pss; end
        say trunc(sum / qemu_count)'
}
qemu 'clone base=guest template=no name=restored' >/dev/null
qemu 'wait restored' >/dev/null
qemu 'save_state restored' >/dev/null
qemu 'restore_state restored' >/dev/null
sleep 3
plain=$(pss)
remove_all
for i in 1 2 3 4 5 6 7 8; do
    qemu "clone template=guest name=idle-$i" >/dev/null &
done
wait
sleep 3
shared=$(pss)
row_size "$kind: memory (PSS) of each of eight idle clones" "$shared" $((memory * 1048576 / 4))
row_size "$kind: the same, against a VM restored by itself" "$shared" $((plain * 6 / 10))
remove_all

failed=0
for _ in $(seq 50); do
    template >/dev/null || failed=$((failed + 1))
done
echo "$kind: fifty clones in a row, of which fail|$failed|||<= 0|$([ "$failed" -eq 0 ] && echo yes || echo no)"
