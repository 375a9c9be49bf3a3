#!/bin/bash
# The functions of RexxJS where no dialect is at work: in plain REXX under rexx, and under stock regina once they are loaded.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >all.rexx <<'REXX'
numeric digits 16
call json_parse '{"name": "web", "ports": [80, {"host": 443}], "content-type": "x", "ok": true}', 'vm.'
say vm.name vm.ports.0 vm.ports.1 vm.ports.2.host vm.ok symbol('vm.nothing')
object = json_parse('[1, "two", {"three": [3]}]')
say object json_stringify(object) array_length(object)
say array_get(object, 1) array_get(array_get(object, 2), 'three') array_get('{"content-type":"y"}', 'content-type')
st.0 = 2; st.1 = 'one'; st.2 = '2'
say json_stringify('st.') json_stringify('vm.ports.') json_stringify('a b') json_stringify('5') json_stringify(5.50)
say json_stringify(array_push(array_set(object, 0, 'first'), 'last'), 1)
say regex_match('vm-12', '\d+') regex_replace('a.b.c', '\.', '/') regex_test('x', 'X', 'i')
say (sha256('abc') = hash_sha256('abc')) length(uuid())
say file_exists('all.rexx') array_get(file_read('small.txt'), 'content')
say array_get(file_write('out.txt', 'written'), 'bytes') charin('out.txt', 1, 7)
say env('REXX_TEST') '['env('REXX_TEST_NOT_SET')']'
start = now()
say datatype(start, 'W') (now() - start < 60000)
call sleep 0.01
say qemu_error = 'QEMU_ERROR'
signal on syntax name wrong
x = json_parse('{"a":')
say 'not here'
exit
wrong: say rc condition('C') qemu_error
signal on syntax name wrong2
x = regex_test('a', '(')
exit
wrong2: say rc qemu_error
signal on syntax name wrong3
x = json_parse()
exit
wrong3: say rc qemu_error
REXX
printf 'small' >small.txt
export REXX_TEST='from outside'
both all.rexx 'web 2 80 443 1 LIT
 [1,"two",{"three":[3]}] [1,"two",{"three":[3]}] 3
two  [3] y
["one",2] [80,{"host":443}] "a b" 5 "5.50"
[
 "first",
 "two",
 {
  "three": [
   3
  ]
 },
 "last"
]
12 a/b/c 1
1 36
1 small
7 written
from outside []
1 1
1
40 SYNTAX JSON_PARSE: the text is not JSON: line 1, column 5: unexpected token near end of file
40 REGEX_TEST: the pattern is wrong at character 2: missing closing parenthesis
40 JSON_PARSE: argument 1 is missing: a JSON text'

# Untrapped, rexx says why.
code=0
message=$(rexx -e "x = json_parse('[')" 2>&1) || code=$?
assert_equals 216 $code
assert_contains "$message" 'Incorrect call to routine
Error 40.1: JSON_PARSE: the text is not JSON: line 1, column 1'
# A reason that was trapped is not told of the next failure.
message=$(rexx -e "signal on syntax; x = json_parse('['); exit; syntax: say 'trapped'; x = substr()" 2>&1) || true
assert_lacks "$message" JSON_PARSE

# A routine of the script's own is never in their shadow, be it a label, a file, or a function of Regina's.
cat >own.rexx <<'REXX'
say now() uuid()
call env 'x'; say result
say sleep(0)
exit
now: return 'own label'
REXX
echo "return 'own file'" >UUID.rexx
echo "return 'own' arg(1)" >ENV.rexx
cp own.rexx plain.rexx
export REGINA_MACROS=$PWD
assert_equals "$(regina ./plain.rexx)" "$(rexx ./plain.rexx)"
assert_contains "$(rexx ./plain.rexx)" 'own label own file
own x'
rm UUID.rexx ENV.rexx
while read -r name; do
    REGINA_OPTIONS=NOEXT_COMMANDS_AS_FUNCS regina /dev/stdin >shadow.txt 2>&1 <<<"signal on syntax; call $name; syntax: say rc"
    assert_equals 43 "$(cat shadow.txt)" "$name is a function of Regina's"
done < <(sed -n 's/^ *X([a-z0-9_]*, "\([A-Z0-9_]*\)".*/\1/p' "$SOURCE_DIR/rexx-lib/functions/list.h")

# Each is in the manual, with an example.
page=$(cat "$SOURCE_DIR/docs/rexxjs.md")
count=0
while read -r name; do
    [ "$name" = HASH_SHA256 ] || assert_contains "$page" "### $name
" "section of $name"
    assert_contains "$page" "$name(" "example of $name"
    count=$((count + 1))
done < <(sed -n '/AQ_FUNCTION_LIST(X)/,/^$/s/^ *X([a-z0-9_]*, "\([A-Z0-9_]*\)".*/\1/p' "$SOURCE_DIR/rexx-lib/functions/list.h")
[ $count -ge 20 ] || fail "only $count functions"

# KEY=VALUE
cat >keys.rexx <<'REXX'
LET name = "inner"
PARSE ARG all
SAY all "{{name}} {{base}} {{ base }} {{Base}} {{other}}"
ADDRESS QEMU "help {verb}"
SAY RC
REXX
assert_equals 'base=debian name=outer x= verb=ping inner debian debian debian {{other}}
0' "$(rexx ./keys.rexx base=debian name=outer x= verb=ping)"
echo 'address qemu "help {{verb}}"; say rc; parse arg a; say a' >plain.rexx
assert_equals '0
verb=ping' "$(rexx ./plain.rexx verb=ping)"
