#!/bin/bash
# docs/original-verbs.md says of each verb of the original what is true of the verb table.
. "$SOURCE_DIR/tests/support/functions.sh"

page=$SOURCE_DIR/docs/original-verbs.md
rexx -e 'address qemu "help"
         do i = 1 to qemu_verbs.0
             verb = qemu_verbs.i.name
             say verb
             address qemu "help" verb
             do k = 1 to qemu_params.0
                 say verb qemu_params.k.name
                 do a = 1 to words(qemu_params.k.aliases)
                     say verb word(qemu_params.k.aliases, a)
                 end
             end
             address qemu "help"
         end' >known

count=0
while IFS='|' read -r _ verb keys here shown _; do
    read -r verb <<<"$verb"
    read -r here <<<"$here"
    read -ra keys <<<"${keys//,/ }"
    count=$((count + 1))
    case $here in
    "done" | partly) grep -qxF "$verb" known || fail "$verb is said to be $here, but there is no such verb" ;;
    'not yet') ! grep -qxF "$verb" known || fail "$verb is said to be not there yet, but it is" ;;
    *) fail "$verb is said to be \"$here\"" ;;
    esac
    if [ "$here" = "done" ]; then
        for key in "${keys[@]}"; do
            [ "$key" = - ] || grep -qxF "$verb $key" known || fail "$verb does not take its key $key"
        done
        tests=$(grep -oE 'tests/[a-z0-9/_.-]+' <<<"$shown") || fail "no test is named for $verb"
        for test in $tests; do
            [ -f "$SOURCE_DIR/$test" ] || fail "$test, named for $verb, is not there"
            grep -qw "$verb" "$SOURCE_DIR/$test" || fail "$test does not run $verb"
        done
    fi
done < <(grep -E '^\| [a-z_]+ \|' "$page" | grep -v '^| verb |')
assert_equals 41 "$count" "verbs of the original"
