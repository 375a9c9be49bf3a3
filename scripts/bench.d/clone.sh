#!/bin/bash
# Clones: time and room, against `qemu-img create -b`; how the 10,000th compares with the first; listing them.
# Prints rows: name|ours|peer|ratio|target
set -euo pipefail
rexx=${BUILD_DIR:?}/bin/rexx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ADDRESS_QEMU_HOME=$work/store XDG_RUNTIME_DIR=$work/run
mkdir -m 700 "$work/run"
qemu-img create -q -f qcow2 "$work/base.qcow2" 10G

cat >"$work/clone.rexx" <<'REXX'
/* clone.rexx BASE COUNT: microseconds of each clone, a line each */
PARSE ARG base count .
ADDRESS QEMU
DO i = 1 TO count
  CALL TIME 'R'
  "clone base={base} no_start"
  SAY TRUNC(TIME('E') * 1000000)
  IF RC <> 0 THEN EXIT RC
END
REXX

# The peer, as a script would call it.
peer() {
    local i start
    for ((i = 0; i < $1; i++)); do
        start=${EPOCHREALTIME/./}
        qemu-img create -q -f qcow2 -F qcow2 -b "$work/base.qcow2" "$work/peer-$RANDOM$RANDOM.qcow2" >/dev/null
        echo $((${EPOCHREALTIME/./} - start))
    done
}
median() { sort -n "$1" | awk '{all[NR] = $1} END {print all[int((NR + 1) / 2)]}'; }
ms() { awk -v us="$1" 'BEGIN {printf "%.2f ms", us / 1000}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }

"$rexx" -e "ADDRESS QEMU 'register_base name=base disk=$work/base.qcow2'; EXIT RC"
for _ in 1 2 3 4 5 6 7 8; do # in turn, so that both meet the same weather
    "$rexx" "$work/clone.rexx" base 25 >>"$work/ours"
    peer 10 >>"$work/theirs"
done
ours=$(median "$work/ours")
theirs=$(median "$work/theirs")
echo "durable clone|$(ms "$ours")|qemu-img create -b $(ms "$theirs")|$(ratio "$theirs" "$ours")x faster|≤1 ms, ≥10x"

clone=$(find "$ADDRESS_QEMU_HOME/vms" -mindepth 1 -maxdepth 1 -type d | head -n 1)
room=$(find "$clone" -type f -printf '%k\n' | awk '{sum += $1} END {print sum}')
overlay=$(find "$work" -maxdepth 1 -name 'peer-*' | head -n 1 | xargs du -k | cut -f1)
echo "files of a clone on disk|$room KiB|$overlay KiB|$(ratio "$overlay" "$room")x smaller|≤16 KiB"

"$rexx" "$work/clone.rexx" base 9600 >"$work/many"
head -n 400 "$work/many" >"$work/early"
tail -n 400 "$work/many" >"$work/late"
early=$(median "$work/early")
late=$(median "$work/late")
echo "the 10,000th clone|$(ms "$late")|the first hundreds $(ms "$early")|$(ratio "$late" "$early")x|≤1.3x"

"$rexx" -e "ADDRESS QEMU; 'list'; CALL TIME 'R'; 'list'; SAY TRUNC(TIME('E') * 1000000)" >"$work/list"
echo "list of $(find "$ADDRESS_QEMU_HOME/vms" -mindepth 1 -maxdepth 1 | wc -l) VMs|$(ms "$(cat "$work/list")")|||≤500 ms"
