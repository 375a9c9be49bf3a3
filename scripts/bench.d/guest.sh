#!/bin/bash
# Into a guest and out of it: our helper against the guest agent.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/scripts/bench.d/functions"
requires qemu-system-x86_64

micro_base micro >&2
qemu 'clone base=micro name=guest' >&2
cleanup_fn qemu 'remove name=guest force=true'
qemu 'wait name=guest for=agent' >&2
head -c 20000000 /dev/urandom >data

cat >measure.rexx <<'REXX'
/* measure.rexx TIMES COMMAND: what the command takes, in microseconds, that often. */
parse arg times command
address qemu
command
do times
  call time 'R'
  command
  say trunc(time('E') * 1000000)
end
REXX
measure() { rexx ./measure.rexx "$1" "$2" | median; }

row 'execute true in a guest, against the agent' \
    "$(measure 20 'execute vm=guest command=true method=helper')" \
    "$(measure 20 'execute vm=guest command=true method=agent')" faster 5
row 'copy_to of 20 MB, against the agent' \
    "$(measure 3 'copy_to vm=guest local=data remote=/root/data method=helper')" \
    "$(measure 1 'copy_to vm=guest local=data remote=/root/data method=agent')" faster 5
row 'copy_from of 20 MB, against the agent' \
    "$(measure 3 'copy_from vm=guest remote=/root/data local=back method=helper')" \
    "$(measure 1 'copy_from vm=guest remote=/root/data local=back method=agent')" faster 5
cmp data back
