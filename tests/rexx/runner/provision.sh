#!/bin/bash
# rexx --provision where nothing can be run: what is wrong is said, and the exit status is its RC.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

# refused STATUS TEXT ARG …
refused() {
    local status=$1 text=$2 code=0 got
    shift 2
    got=$(rexx --provision "$@" 2>&1) || code=$?
    assert_equals "$status" $code "exit status of --provision $* ($got)"
    assert_contains "$got" "$text"
    assert_contains "$got" 'rexx: --provision: '
}
refused 3 FILE_NOT_FOUND nowhere.rexx
refused 3 FILE_NOT_FOUND '{{x}}.rexx'
refused 3 FILE_NOT_FOUND 'a "b" c.rexx' '{{y}}' '"'
echo 'say 1' >plain.rexx
refused 2 HEADER_INVALID plain.rexx
printf '/* rexxjs-vm-base: nowhere */\nsay 1\n' >"odd ' \" {name}.rexx"
refused 3 BASE_NOT_FOUND "odd ' \" {name}.rexx" one 'two "three"' '{{four}}'
