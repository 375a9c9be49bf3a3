#!/bin/bash
# A guest is put back to what it was, memory and disk, and its clock is right again.
. "$SOURCE_DIR/tests/support/functions.sh"

# guest COMMAND: what it prints.
guest() {
    rexx -e 'parse arg command
             address qemu "execute vm=one command={{command}}"
             call charout , qemu_stdout
             exit rc' "$*"
}

micro_base micro
cleanup_fn qemu "cleanup all=true"
qemu "clone base=micro name=one" >/dev/null
qemu "wait one timeout=300" >/dev/null

# A file on disk and one in memory.
guest 'echo before >/disk; sync; echo before >/run/memory'
assert_equals 1 "$(qemu_get QEMU_MEMORY "snapshot name=one snapshot_name=whole")"
guest 'echo after >/disk; rm -f /run/memory; sync'
sleep 3
assert_equals 1 "$(qemu_get QEMU_CLOCK_SET "restore name=one snapshot_name=whole")" "the clock was set"
assert_equals before "$(guest 'cat /disk')"
assert_equals before "$(guest 'cat /run/memory')"
drift=$(($(guest 'date +%s') - $(date +%s)))
[ "${drift#-}" -le 1 ] || fail "the guest's clock is $drift s off"

# The disk alone: written by the guest before, put back when it is stopped.
guest 'echo held >/held' # not synced
assert_equals 1 "$(qemu_get QEMU_QUIESCED "snapshot name=one snapshot_name=disk memory=false")"
guest 'echo lost >/held; sync'
qemu "stop one" >/dev/null
qemu "restore name=one snapshot_name=disk" >/dev/null
qemu "start one" >/dev/null
qemu "wait one timeout=300" >/dev/null
assert_equals held "$(guest 'cat /held')"

# From stopped into memory.
qemu "stop one force=true" >/dev/null
qemu "restore name=one snapshot_name=whole" >/dev/null
assert_equals before "$(guest 'cat /run/memory')"
