#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# Every script in examples/ does what it says, as a user would run it.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
cleanup_fn remove_all
tested=()

# example NAME [ARG …]: runs it by its first line; its output is in `output`. A failure ends the test.
example() {
    tested+=("$1")
    [ -x "$SOURCE_DIR/examples/$1" ] || fail "examples/$1 is not executable"
    output=$("$SOURCE_DIR/examples/$1" "${@:2}" 2>example.err) || fail "$1: $output$(cat example.err)"
}

example hello.rexx
assert_contains "$output" 'Hello, the host! This is REXX in the virtual machine '
assert_contains "$output" 'under Linux '
assert_contains "$output" 'The script ran in the VM '
assert_equals 10 "$(grep -c '^ *[0-9]* ms  [a-z]*$' <<<"$output")" "stages in: $output"
assert_no_vms hello.rexx

example many-clones.rexx micro 7
assert_contains "$output" '7 clones of micro, each in '
assert_contains "$output" 'the first takes '
assert_no_vms many-clones.rexx

example register-clone-list.rexx "$(qemu_get QEMU_DISK 'inspect_base name=micro')"
assert_contains "$output" 'cloned example as first, its disk is '
assert_contains "$output" 'base example has 2 clones and is ready'
assert_contains "$output" 'VM first of example is stopped'
assert_no_vms register-clone-list.rexx

example checkpoints.rexx
assert_contains "$output" 'worker: count 5 of 20'
assert_lacks "$output" 'count 6 of 20'
assert_contains "$output" 'the script ended with 3 after 5 checkpoints, told to abort'
assert_no_vms checkpoints.rexx
example golden.rexx micro 2
assert_contains "$output" 'prepared, and kept as it is: ready'
assert_contains "$output" 'in worker-1: prepared once on worker-1'
assert_contains "$output" 'in worker-2: prepared once on worker-2'
assert_contains "$output" '    snapshot ready (ready)'
assert_contains "$output" '1 layer removed'
assert_no_vms golden.rexx

example error-handling.rexx
assert_contains "$output" 'as expected, RC 3: '
assert_contains "$output" 'noted RC 3 of start: '
assert_contains "$output" 'did you mean status?'
assert_contains "$output" 'remove name=no-such-vm -> VM_NOT_FOUND'
assert_lacks "$output" 'never reached'

example modify.rexx micro
assert_contains "$output" '1 steps done, 0 there already'
assert_contains "$output" '0 steps done, 1 there already'
assert_contains "$output" '+ /srv/app/settings'
assert_contains "$output" 'the guest says: listening on 8080'
assert_no_vms modify.rexx

# The one that runs in a guest, by itself.
tested+=(guest/hello.rexx)
assert_contains "$(rexx --provision "$SOURCE_DIR/examples/guest/hello.rexx" 'you there')" 'Hello, you there! This is REXX'
assert_equals stopped "$(qemu_get QEMU_VMS.1.STATUS list)" 'what a script has done stays'
remove_all

assert_equals "$(cd "$SOURCE_DIR/examples" && find . -name '*.rexx' -printf '%P\n' | sort)" \
    "$(printf '%s\n' "${tested[@]}" | sort)" 'the examples there are, and those tested'
