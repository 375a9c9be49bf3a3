#!/bin/bash
# rexx --provision: the script runs in a VM of its own; its output, streams and exit status are ours, its arguments arrive
# as they were given, and Ctrl-C ends it and leaves nothing.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
requires qemu-system-x86_64 busybox

rexx -e 'address qemu "create_base name=micro kind=micro"; exit rc'
no_vms() {
    assert_equals 0 "$(rexx -e 'address qemu "list"; say qemu_count')" 'VMs left'
}

cat >inside.rexx <<'REXX'
#!/usr/bin/env rexx
/* rexxjs-vm-base: micro */
parse arg all
say '['all']' 1 + 1
call lineout 'stderr', 'on stderr'
'test -e /dev/virtio-ports && echo in a guest'
address qemu 'list'
say rc
exit 42
REXX
code=0
got=$(rexx --provision inside.rexx 'a "b"' '{{x}} {y}' '' "it's" 2>err.txt) || code=$?
assert_equals 42 $code "$(cat err.txt)"
assert_equals "[a \"b\" {{x}} {y}  it's] 2
in a guest
6" "$got"
assert_contains "$(cat err.txt)" 'on stderr'
assert_contains "$(cat err.txt)" 'ADDRESS QEMU is not available inside a guest'
no_vms

# Output comes while the script runs, and a signal ends it.
printf '/* rexxjs-vm-base: micro */\nsay "begun"\n"sleep 300"\nsay "not here"\n' >long.rexx
env --default-signal=INT,TERM rexx --provision long.rexx >out.txt 2>err.txt &
pid=$!
wait_until 120 grep -q begun out.txt
kill -INT $pid
code=0
wait $pid || code=$?
assert_equals 130 $code "$(cat err.txt)"
assert_equals begun "$(cat out.txt)"
no_vms
