#!/bin/bash
# Clones: how long one takes and how large it is, against qemu-img, and what ten thousand of them do to that.
. "$SOURCE_DIR/scripts/bench.d/functions"

qemu-img create -q -f qcow2 base.qcow2 10G
rexx -e "address qemu 'register_base name=base disk=base.qcow2 copy=false'"

cat >clones.rexx <<'REXX'
/* clones.rexx FIRST LAST: makes the clones with those numbers and prints what each took, in microseconds. */
parse arg first last
address qemu
do i = first to last
  call time 'R'
  "clone name=vm{i} base=base no_start=true"
  say trunc(time('E') * 1000000)
end
REXX
cat >list.rexx <<'REXX'
call time 'R'
address qemu 'list'
say trunc(time('E') * 1000000)
REXX

# In turns, so that a busy moment hits both.
from=1
for ((turn = 0; turn < 10; turn++)); do
    rexx ./clones.rexx $from $((from + 29)) >>ours
    from=$((from + 30))
    for ((i = 0; i < 10; i++)); do
        us qemu-img create -q -f qcow2 -F qcow2 -b "$PWD/base.qcow2" "peer$turn-$i.qcow2" >>peer
    done
done
ours=$(median <ours)
row 'a durable clone, no_start' "$ours" '' max 1000
row 'a durable clone, against qemu-img create -b' "$ours" "$(median <peer)" faster 10
row_size 'the files of a clone, record included' \
    "$(find "$ADDRESS_QEMU_HOME/vms/vm1" -type f -printf '%b\n' | awk '{n += $1} END {print n * 512}')" 16384

rexx ./clones.rexx $from 9900 >/dev/null
rexx ./clones.rexx 9901 10000 >last
row 'the 10,000th clone, against the first' "$(median <last)" "$(head -n 100 ours | median)" ratio 1.3
[ "$(rexx -e "address qemu 'list'; say qemu_count")" -eq 10000 ]
row 'list of 10,000 VMs' "$(for _ in 1 2 3; do rexx ./list.rexx; done | median)" '' max 500000
