#!/bin/bash
# What create_base refuses, and that neither a refusal nor a failure nor Ctrl-C leaves anything.
. "$SOURCE_DIR/tests/support/functions.sh"
requires qemu-img mmdebstrap mcopy syslinux

refused() { # CODE COMMAND
    assert_equals "$1" "$(qemu_get qemu_error_code "$2")" "$2"
    left=$(find "$ADDRESS_QEMU_HOME/bases" -mindepth 1 2>/dev/null || true)
    assert_equals '' "$left" "left by: $2"
}
refused KEY_MISSING 'create_base kind=micro'
refused VALUE_INVALID 'create_base name=../x kind=micro'
refused VALUE_INVALID 'create_base name=x kind=ubuntu'
refused VALUE_INVALID 'create_base name=x kind=micro suite=-o'
refused VALUE_INVALID 'create_base name=x kind=micro packages=--force'
refused VALUE_INVALID 'create_base name=x kind=micro packages=vim,,../vim.deb'
refused VALUE_INVALID 'create_base name=x kind=micro mirror=mirror.example.org'
refused LIMIT_EXCEEDED 'create_base name=x kind=micro size=1M'
refused LIMIT_EXCEEDED 'create_base name=x kind=debian size=100M'
ADDRESS_QEMU_GUEST_RUNNER=$PWD/no-such-file refused GUEST_RUNNER_MISSING 'create_base name=x kind=micro'
refused TOOL_FAILED "create_base name=x kind=micro mirror=file:$PWD/no-such-folder"

# A tool that fails, is missing, or finds the disk full.
mkdir programs
replace() { # NAME SCRIPT
    rm -f programs/*
    printf '#!/bin/sh\n%s\n' "$2" >"programs/$1"
    chmod 700 "programs/$1"
}
export PATH=$PWD/programs:$PATH
replace mmdebstrap 'echo data >root.tar; echo "E: the archive is closed" >&2; exit 25'
refused TOOL_FAILED 'create_base name=x kind=debian'
assert_contains "$(qemu_get qemu_error 'create_base name=x kind=debian')" 'the archive is closed'
replace mmdebstrap 'echo "tar: No space left on device" >&2; exit 25'
refused NO_SPACE 'create_base name=x kind=debian'

# Ctrl-C in the middle.
replace mmdebstrap "echo data >root.tar; touch '$TEST_WORK/started'; exec sleep 300"
env --default-signal=INT,TERM rexx -e 'address qemu "create_base name=x kind=debian"; exit rc' 2>err.txt &
pid=$!
wait_until 60 test -e "$TEST_WORK/started"
kill -INT $pid
code=0
wait $pid || code=$?
assert_equals 130 $code "$(cat err.txt)"
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/bases" -mindepth 1)" 'left by Ctrl-C'
