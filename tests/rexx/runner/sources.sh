#!/bin/bash
# Scripts of every odd make: run, or refused with file and line, never a crash and never silently cut short.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

# runs CODE OUTPUT: s.rexx, from a file and from standard input
runs() {
    local code=0 got
    got=$(rexx ./s.rexx 2>&1) || code=$?
    assert_equals "$2" "$got" 'from a file'
    assert_equals "$1" $code 'exit status'
    code=0
    got=$(rexx --stdin <s.rexx 2>&1) || code=$?
    assert_equals "${2//$PWD\/s.rexx/<stdin>}" "$got" 'from standard input'
    assert_equals "$1" $code 'exit status'
}

: >s.rexx && runs 0 ''
printf '\n' >s.rexx && runs 0 ''
printf '/* only a comment */' >s.rexx && runs 0 ''
printf '#!/usr/bin/env rexx' >s.rexx && runs 0 ''
printf -- '-- only a comment\n' >s.rexx && runs 0 ''
printf ';;;' >s.rexx && runs 0 ''
printf '\x1a' >s.rexx && runs 0 ''
printf ',' >s.rexx && runs 0 ''
printf ',\n' >s.rexx && runs 0 ''
printf '/* */ , -- \n;' >s.rexx && runs 0 ''
printf 'label:' >s.rexx && runs 0 ''
printf '\xef\xbb\xbf' >s.rexx && runs 0 ''
printf '\xef\xbb\xbfsay "after the mark"\nexit 4' >s.rexx && runs 4 'after the mark'
printf '\xef\xbb\xbf#!/usr/bin/env rexx\r\nsay "dos"\r\nexit 5\r\n' >s.rexx && runs 5 'dos'
printf 'say "no end"' >s.rexx && runs 0 'no end'
printf 'say "tail",' >s.rexx && runs 192 "Error 64 running \"$PWD/s.rexx\": [Syntax error while parsing]
Error 64.1: [Syntax error at line 2]"
printf 'say "umlaut \xc3\xa4"' >s.rexx && runs 0 "umlaut ä"
printf 'say 1\nsay 2\0 say 3\n' >s.rexx
runs 243 "Error 13 running \"$PWD/s.rexx\", line 2: Invalid character in program
Error 13.1: Invalid character in program \"('00'X)\": a script is text, in UTF-8 or ASCII"
printf 'say 1\nsay 1/0\n' >s.rexx
runs 214 "1
     2 +++ say 1/0
Error 42 running \"$PWD/s.rexx\", line 2: Arithmetic overflow/underflow
Error 42.3: Arithmetic overflow; divisor must not be zero"

# A long one: 9 MB
{
    awk 'BEGIN {
        print "n = 0"
        for (i = 0; i < 90000; i++)
            print "n = n + 1 /* some padding, so that it gets long: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx */"
    }'
    echo 'say n'
} >s.rexx
runs 0 90000

# What cannot be read
code=0
message=$(rexx nowhere.rexx 2>&1) || code=$?
assert_equals 253 $code
assert_contains "$message" 'Error 3 running "nowhere.rexx"'
assert_contains "$message" 'Program was not found'
mkdir folder
code=0
message=$(rexx ./folder 2>&1) || code=$?
assert_equals 253 $code
assert_contains "$message" 'directory'
if [ "$(id -u)" -ne 0 ]; then
    echo 'say 1' >secret.rexx
    chmod 0 secret.rexx
    code=0
    message=$(rexx secret.rexx 2>&1) || code=$?
    assert_equals 253 $code
    assert_contains "$message" 'Permission denied'
fi
