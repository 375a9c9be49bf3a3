#!/bin/bash
# Clones of VMs: what one costs whatever the disk holds, against copying the disk and making an overlay on the copy; what
# layers below cost; and what a clone of a running VM costs.
. "$SOURCE_DIR/scripts/bench.d/functions"

cat >clones.rexx <<'REXX'
/* clones.rexx WHAT NAME COUNT: microseconds for each of that many clones */
parse arg what name count
address qemu
do i = 1 to count
  call time 'R'
  "clone" what "name="name"-"i "no_start=true"
  say trunc(time('E') * 1000000)
end
REXX

# write NAME MEGABYTE LENGTH: into the disk of a stopped VM.
write() {
    qemu-io -f qcow2 -c "write -P 1 $2M $3" "$(rexx -e "address qemu 'inspect $1'; say qemu_disk")" >/dev/null
}

qemu-img create -q -f qcow2 base.qcow2 10G
rexx -e "address qemu
    'register_base name=base disk=base.qcow2 memory=64M cpus=1'
    'clone base=base name=full no_start'"
write full 0 1G

# In turns, so that a busy moment hits both. Something is written before each, so that there is something to freeze.
layer() { find "$ADDRESS_QEMU_HOME/layers" -name layer.qcow2 -size +500M; }
copy_and_overlay() {
    cp --reflink=never --sparse=always "$(layer)" copy.qcow2
    qemu-img create -q -f qcow2 -F qcow2 -b copy.qcow2 overlay.qcow2
}
for turn in 1 2 3 4 5; do
    rexx ./clones.rexx vm=full "linked-$turn" 1 >>linked
    us copy_and_overlay >>copied
    rm copy.qcow2 overlay.qcow2
    write full $((2000 + turn)) 64k
done
row 'a clone of a VM with 1 GiB, against a copy' "$(median <linked)" "$(median <copied)" faster 20

rexx ./clones.rexx vm=full last 1 >/dev/null # freezes once more: the following ones share it
for turn in 1 2 3 4 5; do
    rexx ./clones.rexx base=base "flat-$turn" 20 >>flat
    rexx ./clones.rexx vm=full "deep-$turn" 20 >>deep
done
row 'a clone on six layers, against one on a base' "$(median <deep)" "$(median <flat)" ratio 3

rexx -e "address qemu 'clone base=base name=live'"
for turn in 1 2 3 4 5 6 7 8 9; do
    rexx ./clones.rexx vm=live "live-$turn" 1 >>live
done
row 'a clone of a running VM, no_start' "$(median <live)" '' max 100000
rexx -e "address qemu 'cleanup all=true'" >/dev/null
