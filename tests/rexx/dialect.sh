#!/bin/bash
# The dialect: each folder of dialect/ holds a script, what it prints and, where it fails, its messages and exit status.
# The runner for guests does the same, but where a file `host` says that the script needs what a guest has not.
# And plain REXX: every script of this tree that is not RexxJS comes through byte for byte.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

# runs RUNNER: the case in $folder by that program; what it prints is left in $name/out
runs() {
    local code=0
    rm -rf "$name" && mkdir "$name" && cp "$folder"/*.rexx "$name"
    (cd "$name" && "$1" ./input.rexx >out 2>err </dev/null) || code=$?
    [ $code -eq 0 ] || echo "exit $code" >>"$name/err"
    sed -i "s|$PWD/$name/||" "$name/err"
    touch "$name/wanted"
    [ ! -f "$folder/error" ] || cp "$folder/error" "$name/wanted"
    diff "$folder/expected" "$name/out" || fail "$name: prints something else under $1"
    diff "$name/wanted" "$name/err" || fail "$name: another message or exit status under $1"
}

guest=$BUILD_DIR/libexec/address-qemu/rexx-guest
count=0
for folder in "$SOURCE_DIR"/tests/rexx/dialect/*/; do
    name=$(basename "$folder")
    [ -e "$folder/host" ] || runs "$guest"
    runs rexx
    if rexx --translate "$name/input.rexx" >"$name/plain.rexx" 2>/dev/null; then
        assert_equals "$(wc -l <"$name/input.rexx")" "$(wc -l <"$name/plain.rexx")" "lines of $name, translated"
        # What comes out is plain REXX: translating it again changes nothing, unless it says that it is RexxJS.
        if [[ $name != options-rexxjs ]]; then
            rexx --translate "$name/plain.rexx" | cmp - "$name/plain.rexx" || fail "$name: translated twice"
        fi
    fi
    # The same with the line ends of DOS.
    sed 's/$/\r/' "$name/input.rexx" >"$name/dos.rexx"
    if [ -s "$name/out" ] && [ ! -s "$name/wanted" ]; then
        diff "$folder/expected" <(cd "$name" && rexx ./dos.rexx 2>&1 | tr -d '\r') || fail "$name: CRLF"
    fi
    count=$((count + 1))
done
[ $count -ge 60 ] || fail "only $count cases"

# Plain REXX
count=0
while read -r script; do
    rexx --translate "$script" | cmp - "$script" || fail "$script is plain REXX and was changed"
    rexx --dialect=regina --translate "$script" | cmp - "$script" || fail "$script was changed under --dialect=regina"
    count=$((count + 1))
done < <(find "$SOURCE_DIR/tests/rexx/corpus" "$SOURCE_DIR/examples" "$SOURCE_DIR/tests/rexx/dialect/plain" -name '*.rexx')
[ $count -ge 40 ] || fail "only $count plain scripts"

# Which dialect
echo 'x = 1; say "{{x}}"' >either.rexx
assert_equals '{{x}}' "$(rexx either.rexx)"
assert_equals '{{x}}' "$(rexx --dialect=auto either.rexx)"
assert_equals '1' "$(rexx --dialect=rexxjs either.rexx)"
assert_equals '1' "$(rexx --dialect=rexxjs --stdin <either.rexx)"
printf "options 'norexxjs'\nLET x = 1\nsay \"{{x}}\"\n" >refused.rexx
cmp refused.rexx <(rexx --translate refused.rexx)
echo 'require "a/b"' >r.rexx
assert_contains "$(rexx --translate r.rexx)" 'CALL "REQUIRE" "a/b"'
assert_equals 'require "a/b"' "$(rexx --dialect=regina --translate r.rexx)"
printf "options 'norexxjs'\nx = 1\nsay \"{{x}}\"\n" >refused.rexx
assert_equals '{{x}}' "$(rexx refused.rexx)"
assert_equals '1' "$(rexx --dialect=rexxjs refused.rexx)"
code=0
message=$(rexx --dialect=klingon either.rexx 2>&1) || code=$?
assert_equals 2 $code
assert_contains "$message" 'there is no dialect "klingon": auto, regina, rexxjs'
assert_contains "$(rexx --dialect=rexxjs -tr either.rexx 2>&1)" 'REXXJS_TEXT("{{x}}")'

# A long one of both kinds, and the runner for guests
{ echo 'LET n = 0'; seq -f 'n += 1 -- number %.0f' 50000; echo 'say "{{n}}"'; } >long.rexx
assert_equals 50000 "$(rexx ./long.rexx)"
assert_equals 50000 "$("$guest" ./long.rexx)"
{ echo 'LET t = <<TEXT'; seq 5000; echo TEXT; echo 'say length(t)'; } >heredoc.rexx
assert_equals 23892 "$(rexx ./heredoc.rexx)"
{ echo 'LET t = <<TEXT'; seq 15000; echo TEXT; } >toolong.rexx
code=0
message=$(rexx ./toolong.rexx 2>&1) || code=$?
assert_equals 244 $code
assert_contains "$message" 'line 1: Clause too long'
