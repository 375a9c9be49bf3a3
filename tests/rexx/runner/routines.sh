#!/bin/bash
# Routines in files of their own are found beside the script, wherever that is run from, and have ADDRESS QEMU too.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

mkdir -p project/lib
cat >project/main.rexx <<'REXX'
say 'twice'(4)
call 'twice' 5
say result
call 'pinger'
say result
REXX
echo 'parse arg n; return n * 2' >project/twice.rexx
echo 'address qemu "ping"; return rc qemu_output' >project/pinger.rexx
wanted='8
10
0 pong'
assert_equals "$wanted" "$(rexx project/main.rexx)"
assert_equals "$wanted" "$(cd project && rexx main.rexx)"
assert_equals "$wanted" "$(cd project/lib && rexx ../main.rexx)"

# REGINA_MACROS comes first
echo 'return "macro"' >project/lib/twice.rexx
assert_equals 'macro' "$(REGINA_MACROS=$PWD/project/lib rexx project/main.rexx | head -n 1)"
