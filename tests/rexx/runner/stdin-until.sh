#!/bin/bash
# shellcheck disable=SC2002 # a pipe is what cat is there for
# --stdin-until MARK: the script ends at that line; not a byte behind it is taken, by whatever way it comes.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
guest=$BUILD_DIR/libexec/address-qemu/rexx-guest

cat >script.rexx <<'REXX'
parse arg all
say 'arguments' all
pull first
say 'pulled' first
say 'line' linein()
'head -c 5 | od -An -tx1'
say 'rest' c2x(charin(, , 4))
exit 3
REXX
data() { printf 'Pulled line\nsecond line\n\x00\xff\n\r\x01ab\n\x00rest'; }
# `head` reads ahead what it gets from a pipe, and so would anything: what is left for it is its own.
sed -i "s/^'head.*/say 'bytes' c2x(charin(, , 5))/" script.rexx
wanted='arguments a b
pulled PULLED LINE
line second line
bytes 00FF0A0D01
rest 61620A00'

# check WHAT COMMAND …: with the script, the mark and the data on standard input
check() {
    local what=$1 code=0 got
    shift
    got=$("$@" 2>&1) || code=$?
    assert_equals "$wanted" "$got" "$what"
    assert_equals 3 $code "exit status, $what"
}
{ cat script.rexx; echo '--END--'; data; } >whole.txt
for runner in rexx "$guest"; do
    from_pipe() { cat whole.txt | "$runner" --stdin-until --END-- a b; }
    from_slow_pipe() { { head -c 7 whole.txt; sleep 0.1; tail -c +8 whole.txt | head -c 300; sleep 0.1; tail -c +308 whole.txt; } | "$runner" --stdin-until --END-- a b; }
    from_file() { "$runner" --stdin-until --END-- a b <whole.txt; }
    check 'a pipe' from_pipe
    check 'a slow pipe' from_slow_pipe
    check 'a file' from_file
done
# nothing of the mark is left where the script is worked on
assert_equals 1 "$(printf 'say 1\nno "rexx\n' | rexx -tO --stdin-until 'no "rexx')"
if command -v python3 >/dev/null; then
    cat >feed.py <<'PYTHON'
import socket, subprocess, sys
ours, theirs = socket.socketpair()
process = subprocess.Popen(["rexx", "--stdin-until", "--END--", "a", "b"], stdin=theirs)
theirs.close()
ours.sendall(open("whole.txt", "rb").read())
ours.shutdown(socket.SHUT_WR)
sys.exit(process.wait())
PYTHON
    check 'a socket' python3 feed.py
fi
if command -v script >/dev/null; then # on a terminal, by the line
    { echo "say 'first' linein()"; echo END; sleep 1; echo 'for the script'; } |
        script -qec 'rexx --stdin-until END' /dev/null >terminal.txt
    assert_contains "$(cat terminal.txt)" 'first for the script'
fi

# What follows belongs to the commands of the script too.
{ echo "'cat'"; echo END; printf 'line\nno end'; } >cat.txt
assert_equals 'line
no end' "$(cat cat.txt | rexx --stdin-until END)"
assert_equals 'line
no end' "$(rexx --stdin-until END <cat.txt)"

# Line ends of DOS; a mark that is part of a line; nothing behind it, not even a line's end; binary data of 1 MB.
assert_equals "1 [END]" "$(printf 'say 1 "[END]"\r\nEND\r\n' | rexx --stdin-until END)"
assert_equals 'xEND ENDx' "$(printf 'say "xEND ENDx"\n END \n = 1\nEND' | sed 's/^ END $/nop/; s/^ = 1$/nop/' | rexx --stdin-until END)"
assert_equals 'nothing []' "$(printf 'say "nothing ["linein()"]"\nEND' | rexx --stdin-until END)"
head -c 1000000 /dev/urandom >random
{ echo 'call charout , charin(, , 1000000)'; echo END; cat random; } >binary.txt
cat binary.txt | rexx --stdin-until END | cmp - random
rexx --stdin-until END <binary.txt | cmp - random

# RexxJS style, a heredoc that has the mark's text within a line, and 10 MB of script.
printf 'LET t = <<TEXT\nno END here\nTEXT\nSAY t LINEIN()\nEND\nmine' >dialect.txt
assert_equals 'no END here mine' "$(rexx --stdin-until END <dialect.txt)"
{
    awk 'BEGIN {
        print "n = 0"
        for (i = 0; i < 100000; i++)
            print "n = n + 1 /* some padding, so that it gets long: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx */"
    }'
    echo 'say n linein()'
    echo END
    echo mine
} >long.txt
[ "$(stat -c %s long.txt)" -gt 10000000 ] || fail 'the long script is not 10 MB'
assert_equals '100000 mine' "$(cat long.txt | rexx --stdin-until END)"

# A script that does not come whole is not run: who sends it has been cut off.
code=0
message=$(printf 'say "not run"\nEN' | rexx --stdin-until END 2>&1) || code=$?
assert_equals 253 $code
assert_contains "$message" 'Its end was not marked'
assert_lacks "$message" 'not run'
for mark in '' no-mark; do
    code=0
    message=$(rexx --stdin-until ${mark:+''} 2>&1 </dev/null) || code=$?
    assert_equals 2 $code
    assert_contains "$message" '--stdin-until needs MARK'
done
