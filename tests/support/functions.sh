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

# qemu COMMAND: runs it through ADDRESS QEMU and prints its QEMU_OUTPUT; a failure goes to standard error, its RC is
# the exit code.
qemu() {
    rexx -e 'parse arg command; signal on error
             address qemu command
             if qemu_output \== "" then say qemu_output
             exit 0
             error: call lineout "<stderr>", qemu_error_code":" qemu_error
             exit rc' "$*"
}

# qemu_get VARIABLE COMMAND: runs it and prints what the variable then holds, also after a failure.
qemu_get() {
    rexx -e 'parse arg name command; call on error name ignore
             address qemu command
             say value(name)
             exit 0
             ignore: return' "$*"
}

# built_base NAME MEMORY KEY=VALUE …: registers a base that create_base makes with those keys. Its disk is built once
# for each state of what goes into it, and shared by all tests of the build folder; packages are downloaded once.
built_base() {
    local name=$1 memory=$2 folder=$BUILD_DIR/tests/bases key lock
    shift 2
    key=$(
        echo "$*"
        find "$SOURCE_DIR"/address-qemu/image/build* "$BUILD_DIR/libexec/address-qemu/rexx-guest" -type f -print0 |
            sort -z | xargs -0 sha256sum
    )
    key=$(sha256sum <<<"$key" | cut -c1-16)
    mkdir -p "$folder"
    exec {lock}>"$folder/lock"
    flock "$lock"
    if [ ! -f "$folder/$key.qcow2" ]; then
        ADDRESS_QEMU_HOME=$folder/store qemu "create_base name=$key replace=true $*" {lock}>&-
        mv "$folder/store/bases/$key/disk.qcow2" "$folder/$key.qcow2"
        rm -rf "$folder/store/bases"
    fi
    exec {lock}>&-
    qemu "register_base name=$name disk='$folder/$key.qcow2' copy=false memory=$memory cpus=1" >/dev/null
}

# micro_base [NAME], debian_base [NAME]: the two kinds; debian_plain_base has nothing of ours in the guest.
micro_base() {
    built_base "${1:-micro}" 128M kind=micro
}

debian_base() {
    built_base "${1:-debian}" 512M kind=debian
}

debian_plain_base() {
    built_base "${1:-plain}" 512M kind=debian helper=false
}

# fresh_base NAME KEY=VALUE …: a base as create_base makes it, with its kernel, in the test's own store. The packages that
# other tests have fetched are not fetched again.
fresh_base() {
    local name=$1 bases=$BUILD_DIR/tests/bases lock
    shift
    mkdir -p "$bases" "$ADDRESS_QEMU_HOME"
    chmod 700 "$ADDRESS_QEMU_HOME"
    exec {lock}>"$bases/lock"
    flock "$lock"
    [ ! -d "$bases/store/cache" ] || cp -rT "$bases/store/cache" "$ADDRESS_QEMU_HOME/cache"
    exec {lock}>&-
    qemu "create_base name=$name $*" >/dev/null
}
