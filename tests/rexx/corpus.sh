#!/bin/bash
# Plain REXX scripts do under the runner exactly what they do under regina: output, errors and exit status.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cp "$SOURCE_DIR"/tests/rexx/corpus/*.rexx .
export REGINA_MACROS=$PWD
printf 'line 1\nmixed Case\nrest 1\nrest 2' >input.txt

# compare SCRIPT [ARG …]
compare() {
    local code_r=0 code_o=0
    regina "$@" <input.txt >regina.out 2>regina.err || code_r=$?
    rexx "$@" <input.txt >rexx.out 2>rexx.err || code_o=$?
    cmp -s regina.out rexx.out || fail "$*: different output
$(diff regina.out rexx.out)"
    cmp -s regina.err rexx.err || fail "$*: different errors
$(diff regina.err rexx.err)"
    [ $code_r -eq $code_o ] || fail "$*: regina ends with $code_r, rexx with $code_o"
}

count=0
for script in *.rexx; do
    compare "./$script"
    compare "./$script" 'one two' three ''
    count=$((count + 1))
done
[ $count -ge 35 ] || fail "only $count scripts in the corpus"

for value in 0 5 255 256 300 70000 -1 -300 1.5 2.0 1e2 25e-1 250e-1 "' 7 '" "'- 5'" "''" "'abc'" "'0x10'" +7 \
    2147483647 2147483648 4294967301 99999999999 1e30; do
    echo "exit $value" >value.rexx
    compare ./value.rexx
done

# Regina's own options
compare -t ./loops.rexx
compare -tr ./trace.rexx
compare -ti ./parse.rexx a b
compare -a ./arguments.rexx a 'b c' d
compare -r ./strings.rexx
compare -r ./address.rexx
compare ./parse
