#!/bin/bash
# What the script tests share does what it says: a check that cannot fail would hide everything else.
. "$SOURCE_DIR/tests/support/functions.sh"

# in_test CODE SCRIPT: a test with that body ends so.
in_test() {
    local got=0
    printf '%s\n' ". \"\$SOURCE_DIR/tests/support/functions.sh\"" "$2" >inner.sh
    bash inner.sh >inner.log 2>&1 || got=$?
    [ "$got" -eq "$1" ] || {
        cat inner.log
        fail "wanted exit code $1, got $got from: $2"
    }
}

in_test 0 'assert_equals a a'
in_test 1 'assert_equals a b'
in_test 0 'assert_contains "one two" "e t"'
in_test 1 'assert_contains "one two" "[o]ne"'
in_test 0 'assert_lacks "one two" three'
in_test 1 'assert_lacks "one two" two'
in_test 0 'assert_code 3 sh -c "exit 3"'
in_test 1 'assert_code 3 true'
in_test 0 'touch there; wait_until 5 test -e there'
in_test 1 'wait_until 0 test -e never'
in_test 0 'requires sh sed'
in_test 77 'requires no-such-program'
assert_equals 'skipped: no-such-program is not installed' "$(cat inner.log)"
in_test 77 'skip because'
in_test 1 'fail because'
in_test 1 'false; echo not reached'
assert_lacks "$(cat inner.log)" 'not reached'
assert_contains "$(cat inner.log)" 'false'

in_test 3 'cleanup_fn echo "one  two"; cleanup_fn echo "*"; exit 3'
assert_equals '*
one  two' "$(cat inner.log)"
in_test 1 'cleanup_fn echo cleaned; fail because'
assert_contains "$(cat inner.log)" cleaned

assert_equals pong "$(qemu ping)"
assert_code 2 qemu no-such-verb 2>message
assert_contains "$(cat message)" 'VERB_UNKNOWN: '
assert_equals VERB_UNKNOWN "$(qemu_get QEMU_ERROR_CODE no-such-verb)"
assert_equals ping "$(qemu_get QEMU_OPERATION ping)"

# run-test itself: what a test leaves in its temporary or runtime folder fails it.
leaves() { # CODE SCRIPT
    assert_code "$1" env -u ADDRESS_QEMU_HOME "$SOURCE_DIR/tests/support/run-test" bash -c "$2" >run-test.log
}
# shellcheck disable=SC2016 # for the inner shell
leaves 0 'mkdir -p "$XDG_RUNTIME_DIR/address-qemu"; touch "$XDG_RUNTIME_DIR"/address-qemu/kvm here'
# shellcheck disable=SC2016 # for the inner shell
leaves 1 'touch "$TMPDIR/forgotten"'
assert_contains "$(cat run-test.log)" '/tmp/forgotten'
# shellcheck disable=SC2016 # for the inner shell
leaves 1 'mkdir -p "$XDG_RUNTIME_DIR/address-qemu/vm"'
assert_contains "$(cat run-test.log)" '/run/address-qemu/vm'
# shellcheck disable=SC2016 # for the inner shell
leaves 3 'touch "$TMPDIR/forgotten"; exit 3'
