#!/bin/bash
# REQUIRE as RexxJS scripts have it: ADDRESS QEMU under any of its names, anything else refused.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >all.rexx <<'REXX'
#!/usr/bin/env rexx
REQUIRE "rexxjs/address-qemu" AS QEMU
require 'registry:org.rexxjs/qemu-address'; require "cwd:qemu-address.js" as vms -- three ways
label: REQUIRE "cwd:some/where/address-qemu.js" AS Other /* and a comment */
if 1 then require "rexxjs/address-qemu" as inthen
else require "never/there"
ADDRESS QEMU
"ping"
say rc qemu_output
address vms 'ping'; say rc
address other 'ping'; say rc
address inthen 'ping'; say rc
say sourceline() 'lines'
REXX
assert_equals '0 pong
0
0
0
13 lines' "$(rexx all.rexx)"

# Words that only look like it are left alone.
cat >plain.rexx <<'REXX'
require = 'a variable'
say require
/* REQUIRE "in/a comment" */
say 'REQUIRE "in/a string"'
x = 5,
require "not/a clause"
say x
say sourceline(3)
call require 'own routine'
exit
require: say 'label' arg(1); return
REXX
assert_equals 'a variable
REQUIRE "in/a string"
5 a variable not/a clause
/* REQUIRE "in/a comment" */
label own routine' "$(rexx plain.rexx)"

# unknown MODULE: ends the script at that line, and says what there is
unknown() {
    printf 'say "before"\nREQUIRE "%s"\nsay "not here"\n' "$1" >unknown.rexx
    local code=0 got
    got=$(rexx ./unknown.rexx 2>&1) || code=$?
    assert_equals 216 $code "exit status of REQUIRE $1"
    assert_contains "$got" 'unknown.rexx", line 2'
    assert_contains "$got" "REQUIRE \"$1\": there is no such module; the one there is is \"rexxjs/address-qemu\""
    assert_lacks "$got" 'not here'
}
unknown 'rexxjs/address-docker'
unknown 'registry:org.rexxjs/other'
unknown 'cwd:other.js'
unknown 'cwd:qemu-address'
unknown 'evil:rexxjs/address-qemu'
unknown 'https://example.org/address-qemu.js'
unknown ''

cat >handled.rexx <<'REXX'
signal on syntax
require "no/such"
say 'not here'
syntax: say 'handled' rc sigl
REXX
assert_equals 'handled 40 2' "$(rexx handled.rexx 2>&1)"
