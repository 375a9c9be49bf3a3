#!/bin/bash
# The command line: where the script comes from, its arguments, and what is not an option.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >show.rexx <<'REXX'
parse source . how file
parse arg all
say how filespec('name', file) arg() '['all']'
exit 3
REXX

# check WANTED COMMAND …: its output, and exit status 3
check() {
    local wanted=$1 got code=0
    shift
    got=$("$@") || code=$?
    assert_equals "$wanted" "$got" "$*"
    assert_equals 3 $code "exit status of $*"
}
check 'COMMAND show.rexx 0 []' rexx show.rexx
check 'COMMAND show.rexx 1 [a b  c d]' rexx ./show.rexx a 'b  c' d
check 'COMMAND show.rexx 1 [--version -t -]' rexx show.rexx --version -t -
check 'COMMAND show.rexx 0 []' rexx show
check 'COMMAND show.rexx 0 []' rexx -- show.rexx
check 'SUBROUTINE show.rexx 2 [a b]' rexx -a show.rexx 'a b' c
check 'COMMAND <stdin> 0 []' rexx --stdin <show.rexx
check 'COMMAND <stdin> 1 [a b c]' rexx --stdin a 'b c' <show.rexx
check 'COMMAND <stdin> 1 [x]' rexx - x <show.rexx
check 'COMMAND <stdin> 0 []' rexx <show.rexx
check 'COMMAND <-e> 1 [x y]' rexx -e "$(cat show.rexx)" x y
check 'COMMAND <-e> 0 []' rexx -e "$(cat show.rexx)"
mkdir elsewhere
cp show.rexx elsewhere/other.rexx
check 'COMMAND other.rexx 1 [p]' env PATH="$PWD/elsewhere:$PATH" rexx other p
check 'COMMAND other.rexx 1 [p]' env REGINA_MACROS="$PWD/elsewhere" rexx other p
ln -s elsewhere/other.rexx link.rexx
check 'COMMAND other.rexx 0 []' rexx link.rexx

# From a pipe that has a name, and under names that look like something else.
check 'COMMAND show.rexx 0 []' rexx -- show.rexx
check 'COMMAND <stdin> 1 [x]' rexx -- - x <show.rexx
cp show.rexx ./-odd.rexx
cp show.rexx 'white space.rexx'
check 'COMMAND -odd.rexx 1 [x]' rexx -- -odd.rexx x
check 'COMMAND white space.rexx 1 [x]' rexx 'white space.rexx' x
assert_equals "$(rexx --translate show.rexx)" "$(rexx --translate - <show.rexx)"
assert_equals 3 "$(rexx <(echo 'say 1 + 2'))"

# As an interpreter behind #!, by a link and by env.
{ echo '#!/usr/bin/env rexx'; cat show.rexx; } >bang.rexx
chmod +x bang.rexx
check 'COMMAND bang.rexx 1 [a b]' ./bang.rexx a b
{ echo "#!$(command -v rexx)"; cat show.rexx; } >bang2.rexx
chmod +x bang2.rexx
check 'COMMAND bang2.rexx 1 [a]' ./bang2.rexx a

# A script from standard input leaves nothing there to read.
assert_equals "[  ] 0" "$(printf 'pull x\nsay "[" x "]" lines()' | rexx --stdin)"

# Tracing, also of what had to be changed for Regina.
assert_contains "$(rexx -tr show.rexx 2>&1)" '1 *-* parse source'
assert_contains "$(rexx -ti -e 'x = 1 + 1' 2>&1)" '>O>   "2"'
printf '#!/usr/bin/env rexx\nrequire "rexxjs/address-qemu"\nsay 1\n' >traced.rexx
assert_contains "$(rexx -t ./traced.rexx 2>&1)" '3 *-* say 1'

version=$(sed -n 's/^project(address-qemu VERSION \([0-9.]*\) .*/\1/p' "$SOURCE_DIR/CMakeLists.txt")
assert_contains "$(rexx --version)" "rexx (ADDRESS QEMU) $version, REXX-Regina"
help=$(rexx --help)
for option in --stdin -e --provision --translate -t --dialect --version; do
    assert_contains "$help" " $option"
done
assert_equals "$(regina -v 2>&1)" "$(rexx -v 2>&1)"
for word in -h '-?' -ah; do
    assert_equals "$help" "$(rexx "$word")"
done

# Letters in one word, as Regina reads them: a t takes the rest.
check 'SUBROUTINE show.rexx 2 [a b]' rexx -ar show.rexx 'a b' c
check 'SUBROUTINE show.rexx 2 [a b]' rexx -ra -- show.rexx 'a b' c
assert_equals "$(regina -atr ./show.rexx a 2>&1)" "$(rexx -atr show.rexx a 2>&1)"
assert_equals "$(regina -tz ./show.rexx 2>&1)" "$(rexx -tz show.rexx 2>&1)"

# Wrong command lines
refuse() {
    local wanted=$1 got code=0
    shift
    got=$("$@" 2>&1 </dev/null) || code=$?
    assert_equals 2 $code "exit status of $*"
    assert_contains "$got" "$wanted"
}
refuse 'there is no option --verson; did you mean --version?' rexx --verson
refuse 'there is no option --dialect; did you mean --dialect=D?' rexx --dialect regina show.rexx
refuse 'there is no option --zzz; see rexx --help' rexx --zzz
refuse 'there is no option -z; see rexx --help' rexx -z show.rexx
refuse 'there is no option -aZ; see rexx --help' rexx -aZ show.rexx
refuse 'too long for a trace' rexx -tabcdefghijklmnopqrst show.rexx
refuse 'there is no dialect "": auto, regina, rexxjs' rexx --dialect= show.rexx
refuse '--dialect=regina has to come before --check' rexx --check show.rexx --dialect=regina
refuse '--dialect=rexxjs has to come before --translate' rexx --translate --dialect=rexxjs show.rexx
refuse '--stdin has to come before --provision' rexx --provision --stdin
refuse '-e needs CODE' rexx -e
refuse '--provision needs FILE' rexx --provision
refuse 'rexx-guest' rexx --serve
