#!/bin/bash
# What is seen of a failing command: one line if nobody handles it, nothing if the script does, Regina's own lines if the
# script traces.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

# says WANTED: on stderr, by f.rexx; {} is its path
says() {
    rexx ./f.rexx >out.txt 2>err.txt || true
    assert_equals "${1//\{\}/$PWD/f.rexx}" "$(cat err.txt)" "$(cat f.rexx)"
}

wrong='there is no verb wrong; did you mean ping?'
wrong=$(rexx -e 'address qemu "wrong"; say qemu_error' 2>/dev/null)

cat >f.rexx <<'REXX'
say 'one'
address qemu 'wrong'
say 'two' rc; address qemu 'wrong'
if rc = 2 then address qemu,
   'wrong' 'x'
exit rc
REXX
says "{}:2: QEMU \"wrong\": $wrong (RC 2)
{}:3: QEMU \"wrong\": $wrong (RC 2)
{}:4: QEMU \"wrong x\": $wrong (RC 2)"
assert_equals 'one
two 2' "$(cat out.txt)"
assert_code 2 rexx ./f.rexx 2>/dev/null

# A clause that is a variable alone has no text in Regina's trace.
cat >f.rexx <<'REXX'
address qemu
do 2
  verb = 'wrong'
  verb
end
REXX
says "{}:4: QEMU \"wrong\": $wrong (RC 2)
{}:4: QEMU \"wrong\": $wrong (RC 2)"

cat >f.rexx <<'REXX'
say 'one'
address qemu 'wrong'
say 'two' rc
exit rc
REXX
# in order with what SAY prints
assert_equals "one
$PWD/f.rexx:2: QEMU \"wrong\": $wrong (RC 2)
two 2" "$(rexx ./f.rexx 2>&1 | head -n 3)"

cat >f.rexx <<'REXX'
call on error
address qemu 'wrong'
say 'a'
address qemu 'wrong'
do 3; address qemu 'wrong'; end
call off error
signal on error
address qemu 'wrong'
exit
error:
say 'handled' sigl
if sigl < 8 then return
say 'done'
REXX
says ''

cat >f.rexx <<'REXX'
call on error
address qemu 'wrong'
call off error
address qemu 'wrong'
say 'next'
address qemu 'wrong'
address qemu 'ping'
address qemu 'wrong'
exit
error: return
REXX
says "{}:4: QEMU \"wrong\": $wrong (RC 2)
{}:6: QEMU \"wrong\": $wrong (RC 2)
{}:8: QEMU \"wrong\": $wrong (RC 2)"

# the failure of the shell's commands is shown as ever
cat >f.rexx <<'REXX'
'exit 3'
address qemu 'wrong'
'exit 4'
REXX
says "     1 *-* 'exit 3'
       +++ RC=3 +++
{}:2: QEMU \"wrong\": $wrong (RC 2)
     3 *-* 'exit 4'
       +++ RC=4 +++"

# the script's own TRACE
cat >f.rexx <<'REXX'
trace e
address qemu 'wrong'
REXX
says '       +++ RC=1 +++'
printf "trace o\naddress qemu 'wrong'\n" >f.rexx
says ''

# a control character in a command does not reach the terminal
printf "address qemu 'wr' || '1b'x || '[31m' || '0a'x || 'ong'\n" >f.rexx
rexx ./f.rexx 2>err.txt
assert_equals 1 "$(wc -l <err.txt)"
assert_lacks "$(cat err.txt)" $'\e'

# from an external routine: its own file
echo "address qemu 'wrong'; return 1" >routine.rexx
printf "say 'start'\ncall 'routine'\n" >f.rexx
says "$PWD/routine.rexx:1: QEMU \"wrong\": $wrong (RC 2)"
