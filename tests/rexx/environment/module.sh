#!/bin/bash
# The module's own functions: load, load again, version, drop.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >functions.rexx <<'REXX'
call QemuLoadFuncs
say result QemuVersion()
call QemuLoadFuncs
say result
address qemu 'ping'
say rc
say QemuDropFuncs()
address qemu 'ping'
say 'after dropping' qemu_output
REXX
version=$(sed -n 's/^project(address-qemu VERSION \([0-9.]*\) .*/\1/p' "$SOURCE_DIR/CMakeLists.txt")
both functions.rexx "0 $version
0
0
0
after dropping pong"

# The order of what is said and what a child prints is kept, also into a pipe.
cat >order.rexx <<'REXX'
say 'one'
address qemu 'ping'
say 'two'
'echo three'
say 'four'
REXX
both order.rexx 'one
two
three
four'
