# shellcheck shell=bash
# What the script tests share. A test begins with
#     . "$SOURCE_DIR/tests/support/functions.sh"
# and runs in a work folder of its own, with a store and a runtime folder of its own (see run-test).
set -euo pipefail

# skip WHY …: ends the test as skipped, which ctest shows.
skip() {
    echo "skipped: $*"
    exit 77
}

# fail WHAT …: ends the test as failed.
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# requires PROGRAM …: skips the test where one of them is not installed.
requires() {
    local program
    for program; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# cleanup_fn COMMAND [ARG …]: runs it when the test ends, however it ends, the last one first.
cleanup_commands=()
cleanup_fn() {
    cleanup_commands+=("$(printf '%q ' "$@")")
}

run_cleanups() {
    local code=$? i
    trap - EXIT ERR
    set +e
    for ((i = ${#cleanup_commands[@]} - 1; i >= 0; i--)); do
        eval "${cleanup_commands[i]}"
    done
    exit "$code"
}
trap run_cleanups EXIT
trap 'echo "FAILED: ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
trap 'exit 143' TERM
trap 'exit 130' INT

# assert_equals WANTED GOT [WHAT]
assert_equals() {
    [ "$1" = "$2" ] || fail "${3:+$3: }wanted
$1
got
$2"
}

# assert_contains TEXT PART [WHAT]
assert_contains() {
    case $1 in
    *"$2"*) ;;
    *) fail "${3:+$3: }wanted something with
$2
got
$1" ;;
    esac
}

# assert_lacks TEXT PART [WHAT]
assert_lacks() {
    case $1 in
    *"$2"*) fail "${3:+$3: }wanted nothing with
$2
got
$1" ;;
    esac
}

# assert_code CODE COMMAND [ARG …]: the command has to end with that exit code.
assert_code() {
    local wanted=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" -eq "$wanted" ] || fail "wanted exit code $wanted, got $got from: $*"
}

# wait_until SECONDS COMMAND [ARG …]: tries until it succeeds.
wait_until() {
    local seconds=$1 give_up=$((SECONDS + $1 + 1))
    shift
    until "$@"; do
        [ $SECONDS -lt $give_up ] || fail "still not so after $seconds s: $*"
        sleep 0.05
    done
}
