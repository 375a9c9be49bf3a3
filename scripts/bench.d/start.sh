#!/bin/bash
# How long a script takes that does nothing, and what a command costs that does nothing.
. "$SOURCE_DIR/scripts/bench.d/functions"

echo 'exit 0' >nothing.rexx
start_ours() { us rexx ./nothing.rexx; }
start_peer() { us regina ./nothing.rexx; }
read -r ours peer < <(compare 300 start_ours start_peer)
row 'start of rexx, against regina' "$ours" "$peer" ratio 1.2

cat >ping.rexx <<'REXX'
times = 100000
address qemu 'ping'
call time 'R'
do times; address qemu 'ping'; end
say (time('E') * 1000000 / times + 0.005) % 0.01 / 100
REXX
row 'a command that does nothing' "$(for _ in 1 2 3 4 5; do rexx ./ping.rexx; done | median)" '' max 2
