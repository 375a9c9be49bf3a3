#!/bin/bash
# The runner links Regina alone and finds the rest when a command comes; without it a command fails, plain REXX works.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
unset LD_LIBRARY_PATH

needed=$(readelf -d "$(command -v rexx)" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v -e '^libc\.' -e '^ld-linux' -e 'san\.so')
assert_equals libregina.so.3 "$needed" 'libraries of the runner'
assert_equals pong "$(rexx -e 'address qemu "ping"; say qemu_output')"

mkdir -p prefix/bin prefix/lib
cp "$(command -v rexx)" prefix/bin/
assert_equals 'plain' "$(prefix/bin/rexx -e 'say "plain"')"
code=0
message=$(prefix/bin/rexx -e 'address qemu "ping"; say rc qemu_success qemu_error_code; exit rc' 2>&1) || code=$?
if [ $code -ne 0 ]; then # not so where address-qemu is installed already
    assert_equals 8 $code
    assert_contains "$message" '8 0 LIBRARY_MISSING'
    assert_contains "$message" 'cannot load ADDRESS QEMU: '
fi
assert_equals pong "$(REXXQEMU_LIBRARY=$BUILD_DIR/lib/librexxqemu.so prefix/bin/rexx -e 'address qemu "ping"; say qemu_output')"
cp -P "$BUILD_DIR"/lib/lib*qemu.so* prefix/lib/
assert_equals pong "$(prefix/bin/rexx -e 'address qemu "ping"; say qemu_output')"
code=0
message=$(REXXQEMU_LIBRARY=/nowhere.so rexx -e 'address qemu "ping"; exit rc' 2>&1) || code=$?
assert_equals 8 $code
assert_contains "$message" 'REXXQEMU_LIBRARY'
