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

# A routine in RexxJS style is made plain REXX like a script: called from either, as a function or by CALL, with objects
# as arguments and results, and calling others in turn.
mkdir -p mixed/lib
cat >mixed/plain.rexx <<'REXX'
say 'double'(21)
call 'double' 4
say result
call 'lib/shout' 'a', 'b'
say result
say 'plainer'(1)
REXX
cat >mixed/double.rexx <<'REXX'
#!/usr/bin/env rexx
// twice as much
PARSE ARG n
LET n += n
PARSE SOURCE . . file
IF FILESPEC('name', file) != 'double.rexx' THEN SAY "not in" file
RETURN n
REXX
cat >mixed/lib/shout.rexx <<'REXX'
REQUIRE "rexxjs/address-qemu" AS VMS
ADDRESS VMS "ping" WITH OUTPUT STEM out.
LET words = [ARG(1), ARG(2), out.1]
RETURN UPPER(words[0]) words[1] words.3 'double'(3)
REXX
echo 'return "plain" arg(1)' >mixed/plainer.rexx
wanted='42
8
A b pong 6
plain 1'
assert_equals "$wanted" "$(cd mixed && rexx ./plain.rexx)"
assert_equals '42
8' "$(rexx mixed/plain.rexx 2>&1 | head -n 2)"
cat >mixed/objects.rexx <<'REXX'
LET o = {name: "web", ports: [80]}
LET c = 'change'(o)
SAY o.name c.name c.ports.length
CALL "./change.rexx" c
SAY RESULT.name
SAY 'count'(5)
REXX
cat >mixed/change.rexx <<'REXX'
PARSE ARG o
LET o.name = "new" o.name
o.ports = ARRAY_PUSH(o.ports, 443)
RETURN o
REXX
cat >mixed/count.rexx <<'REXX'
// calls itself
PARSE ARG n
IF n = 0 THEN RETURN "done"
RETURN n 'count'(n - 1)
REXX
assert_equals 'web new web 2
new new web
5 4 3 2 1 done' "$(cd mixed && rexx ./objects.rexx)"

# What is wrong with one is said when it is called, with its own name and line; what it fails with ends the caller.
printf '// broken\nLET x = [1\n' >mixed/broken.rexx
printf 'say "before"\nsay "broken"(1)\nsay "not here"\n' >mixed/caller.rexx
code=0
got=$(cd mixed && rexx ./caller.rexx 2>&1) || code=$?
assert_equals 216 $code
assert_contains "$got" 'before'
assert_contains "$got" 'mixed/broken.rexx", line 2: Invalid character in program'
assert_contains "$got" 'caller.rexx", line 2: Incorrect call to routine'
assert_lacks "$got" 'not here'
printf '// fails\nLET x = 1\nSAY x / 0\n' >mixed/broken.rexx
code=0
got=$(cd mixed && rexx ./caller.rexx 2>&1) || code=$?
assert_equals 216 $code
assert_contains "$got" 'broken.rexx", line 3: Arithmetic overflow'
printf '// ends\nLET x = 1\nEXIT 7\n' >mixed/broken.rexx
assert_equals 'before
7
not here' "$(cd mixed && rexx ./caller.rexx 2>&1)"
