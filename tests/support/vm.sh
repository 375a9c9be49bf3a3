# shellcheck shell=bash
# For tests with real guests. Source it after functions.sh.

# checks [ARG …] <SCRIPT: runs REXX that may use these routines, in whose place `sigl` names the line that failed:
#   call ok COMMAND                the command has to succeed
#   call refused CODE, COMMAND     it has to fail with that QEMU_ERROR_CODE
#   call equal WANTED, GOT, WHAT   the two have to be the same, byte for byte
#   call has TEXT, PART, WHAT      TEXT has to have PART in it
#   call lacks TEXT, PART, WHAT    it must not
# They are no procedures: what a command sets is in the script's own variables.
checks() {
    { cat; cat "$SOURCE_DIR/tests/support/checks.rexx"; } >checks.script.rexx
    rexx ./checks.script.rexx "$@" || fail "the script of line ${BASH_LINENO[0]} (its own line is above)"
}

# guest VM COMMAND: runs a shell's line in the guest and prints what it printed, with its exit code.
guest() {
    rexx -e 'parse arg vm command
             address qemu "execute vm={vm} command={{command}}"
             call charout , qemu_stdout
             call charout "<stderr>", qemu_stderr
             if rc \= 0 & rc \= 7 then call lineout "<stderr>", qemu_error_code":" qemu_error
             if rc = 7 then exit qemu_exit_code
             exit rc' "$*"
}

# guest_is VM COMMAND: the line succeeds in the guest; quiet, for wait_until.
guest_is() {
    guest "$@" >/dev/null 2>&1
}

# guest_lacks VM PATTERN: no process of the micro guest has that in its command line, by a ps that finds others. PATTERN
# is one that does not match itself: 'sleep 1[2]'.
guest_lacks() {
    assert_equals seen "$(guest "$1" "ps w | grep -q '[P]ID' && echo seen; ps w | grep '$2'; true")" "processes of $1"
}

# remove_all: for cleanup_fn; ends and removes whatever VMs there are.
remove_all() {
    rexx -e 'address qemu "list"
             count = qemu_count
             do i = 1 to count; names.i = qemu_vms.i.name; end
             do i = 1 to count
                 name = names.i
                 address qemu "remove name={name} force=true"
             end'
}

# interruptible COMMAND [ARG …]: in the background with Ctrl-C as a terminal would leave it (a shell without job control
# has its children ignore it); $! is its process.
interruptible() {
    exec env --default-signal=INT,TERM,HUP "$@"
}

# assert_no_vms [WHAT]: the store holds no VM, nor a part of one, and no VM's runtime folder is there.
assert_no_vms() {
    assert_equals 0 "$(qemu_get QEMU_COUNT list)" "VMs left: ${1-}"
    assert_equals '' "$(find "$ADDRESS_QEMU_HOME/vms" -mindepth 1 -maxdepth 1 2>/dev/null)" "left in vms/: ${1-}"
}
