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
    cmp -s regina.out rexx.out || fail "$* ($(head -c 200 "$1")): different output
$(diff regina.out rexx.out)"
    cmp -s regina.err rexx.err || fail "$* ($(head -c 200 "$1")): different errors
$(diff regina.err rexx.err)"
    [ $code_r -eq $code_o ] || fail "$* ($(head -c 200 "$1")): regina ends with $code_r, rexx with $code_o"
}

count=0
for script in *.rexx; do
    compare "./$script"
    compare "./$script" 'one two' three ''
    count=$((count + 1))
done
[ $count -ge 45 ] || fail "only $count scripts in the corpus"

# Every function that Regina has is called, but for a few that no two runs do alike.
elsewhere=' BEEP FORK POOLID SEEK SHOW '
for function in $(sed -n '/builtins\[\] = {/,/};/p' "$SOURCE_DIR/rexx-lib/dialect/names.c" | grep -o '"[A-Z0-9]*"' | tr -d '"'); do
    [[ $elsewhere == *" $function "* ]] || grep -qiE "\\b$function\(|call +$function\\b" -- *.rexx ||
        fail "no script of the corpus calls $function"
done

# Scripts of a line each, most of them with something wrong.
number=0
while IFS= read -r line; do
    number=$((number + 1))
    printf '%s\n' "$line" >line.rexx
    compare ./line.rexx
done <"$SOURCE_DIR/tests/rexx/corpus/lines.txt"
[ $number -ge 200 ] || fail "only $number lines in the corpus"

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
