#!/bin/bash
# --check FILE …: what is wrong, with file and line, and nothing is run.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
guest=$BUILD_DIR/libexec/address-qemu/rexx-guest

# Good ones: nothing is said, nothing done.
printf "say 'run'\ncall lineout 'made', 'x'\n" >plain.rexx
printf '#!/usr/bin/env rexx\n/* rexxjs-vm-base: debian */\n/* rexxjs-vm-memory: 4G */\nLET x = [1]\nSAY x[0]\n' >good.rexx
: >empty.rexx
printf -- '-- only a comment' >comment.rexx
printf '#!/usr/bin/rexx' >shebang.rexx
printf 'say 1\r\nif 1 then do\r\nsay 2\r\nend\r\n' >dos.rexx
printf '\xef\xbb\xbfsay 1\n' >bom.rexx
for runner in rexx "$guest"; do
    assert_equals '' "$("$runner" --check plain.rexx ./good.rexx empty.rexx comment.rexx shebang.rexx dos.rexx bom.rexx 2>&1)"
done
[ ! -e made ] || fail 'a script was run'
mapfile -t examples < <(find "$SOURCE_DIR/examples" -name '*.rexx')
assert_equals '' "$(rexx --check "${examples[@]}" 2>&1)"

# bad LINE TEXT: bad.rexx, which is on standard input
bad() {
    local code=0 got runner
    cat >bad.rexx
    for runner in rexx "$guest"; do
        code=0
        got=$("$runner" --check bad.rexx 2>&1) || code=$?
        assert_equals "bad.rexx:$1: $2" "$got"
        assert_equals 1 $code
    done
}
bad 3 'error 35.1: Invalid expression detected at "*"' <<'REXX'
#!/usr/bin/env rexx
say 1
say 1 + * 2
REXX
bad 2 'error 64.1: [Syntax error at line 2]' <<'REXX'
say 1
say 1 2 ) 3
REXX
bad 2 "error 6.2: Unmatched single quote (')" <<'REXX'
say 1
say 'open
REXX
bad 3 'error 14: Incomplete DO/SELECT/IF' <<'REXX'
do i = 1 to 3
  say i
/* end is missing */
REXX
bad 1 'error 10.1: END has no corresponding DO or SELECT' <<<'end'
bad 2 'error 25.1: CALL ON must be followed by one of the keywords ERROR FAILURE HALT NOTREADY; found "foo"' <<'REXX'
say 1
call on foo
REXX
bad 3 'error 35.1: ENDIF is not supported; in REXX: IF … THEN DO … END, and ELSE DO … END' <<'REXX'
LET x = 1
IF x THEN SAY 1
ENDIF
REXX
bad 3 'header: rexxjs-vm-memory has to be a size such as 512M or 4G, but is "lots"' <<'REXX'
#!/usr/bin/env rexx
/* rexxjs-vm-base: debian */
/* rexxjs-vm-memory: lots */
say 1
REXX
bad 1 'header: there is no rexxjs-vm-memoy; did you mean rexxjs-vm-memory?' <<<'/* rexxjs-vm-memoy: 4G */'
printf 'say 1\nsay 2\0\n' | bad 2 'error 13.1: a NUL byte: a script is text, in UTF-8 or ASCII'

# Several at once, each with what is wrong with it; header and syntax both.
printf '/* rexxjs-vm-cpus: many */\nsay 1 +\n' >two.rexx
code=0
got=$(rexx --check good.rexx two.rexx nowhere.rexx plain.rexx bad.rexx 2>&1) || code=$?
assert_equals 1 $code
assert_equals 'two.rexx:1: header: rexxjs-vm-cpus has to be a number of CPUs from 1 to 255, but is "many"
two.rexx:2: error 64.1: [Syntax error at line 2]
nowhere.rexx:1: Program was not found
bad.rexx:2: error 13.1: a NUL byte: a script is text, in UTF-8 or ASCII' "$got"
code=0
message=$(rexx --check 2>&1) || code=$?
assert_equals 2 $code
assert_contains "$message" '--check needs FILE'
# From standard input and from pipes, header and all.
for runner in rexx "$guest"; do
    assert_equals '' "$("$runner" --check - <good.rexx 2>&1)"
    for file in - /dev/stdin; do
        code=0
        # shellcheck disable=SC2002 # a pipe
        got=$(cat two.rexx | "$runner" --check $file 2>&1) || code=$?
        [ $file != - ] || file='<stdin>'
        assert_equals 1 $code
        assert_equals "$file:1: header: rexxjs-vm-cpus has to be a number of CPUs from 1 to 255, but is \"many\"
$file:2: error 64.1: [Syntax error at line 2]" "$got"
    done
done
mkfifo pipe
cat two.rexx >pipe &
assert_code 1 rexx --check pipe 2>err.txt
assert_contains "$(cat err.txt)" 'pipe:1: header: rexxjs-vm-cpus'
# The dialect is as it is said to be.
echo 'x = [1]' >array.rexx
assert_code 0 rexx --check array.rexx
code=0
got=$(rexx --dialect=regina --check array.rexx 2>&1) || code=$?
assert_equals 1 $code
assert_contains "$got" "array.rexx:1: error 13.1: Invalid character in program"
