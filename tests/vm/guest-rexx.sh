#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# REXX in a running guest: interpreters brought there, scripts run by them.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
qemu 'clone base=micro name=a'
cleanup_fn qemu 'remove name=a force=true'
qemu 'clone base=micro name=off no_start'

# --- scripts, by the helper and by the agent ---
printf 'parse source . . file\nsay file\nparse arg all; say "["all"]"; exit 3\n' >'from file.rexx'
cat >methods.rexx <<'REXX'
parse arg method
a = 'execute_rexx vm=a stream=no method='method
s = 'parse arg x; say "args" x; call lineout "<stderr>", "oops"; address system "echo from the shell"'
call ok a 'script={{s}} args="one  two"'
lf = '0a'x
call equal 'args one  two' || lf || 'from the shell' || lf, qemu_stdout, 'output of a text'
call equal 'oops' || lf, qemu_stderr, 'stderr of a text'
call equal 0 method, qemu_exit_code qemu_method, 'fields'
file = 'from file.rexx'
call refused 'GUEST_COMMAND_FAILED', a 'script_file={{file}} args=x'
call equal 7 3 '[x]', rc qemu_exit_code qemu_stdout_lines.2, 'a file'
call has qemu_stdout_lines.1, '/from file.rexx', 'the script has its name'
s = 'LET x = 3' || lf || 'x += 4' || lf || 'SAY "seven: {{x}}"'
call ok a 'script={{s}}'
call equal 'seven: 7' || lf, qemu_stdout, 'RexxJS style'
s = 'say 1' || lf || 'say (1 +'
call refused 'GUEST_COMMAND_FAILED', a 'script={{s}}'
call has qemu_stderr, 'line 2', 'where'
s = 'say "before"; "sleep 4321"'
call refused 'COMMAND_TIMEOUT', a 'timeout=2500 script={{s}}'
call equal 5 'before' || lf, rc qemu_stdout, 'a timeout in milliseconds'
s = 'address qemu "list"; say rc qemu_error_code'
call refused 'GUEST_COMMAND_FAILED', a 'script={{s}} rexx=/bin/false'
call refused 'GUEST_FILE_NOT_FOUND', a 'script={{s}} rexx=/no/such/rexx'
call ok 'execute vm=a command="find /run/address-qemu -mindepth 1 -type d | wc -l; ps"'
call equal 0, qemu_stdout_lines.1, 'files left in the guest'
call lacks qemu_stdout, 'sleep 4321', 'left in the guest'
REXX
for method in helper agent ssh; do
    echo "method=$method ($SECONDS s)"
    checks $method <methods.rexx
done

checks <<'REXX'
call refused 'KEY_MISSING', 'execute_rexx vm=a'
call refused 'VALUE_INVALID', 'execute_rexx vm=a script="say 1" script_file=x'
call refused 'FILE_NOT_FOUND', 'execute_rexx vm=a script_file=no-such.rexx'
call refused 'VM_NOT_FOUND', 'execute_rexx vm=nobody script="say 1"'
call refused 'VM_NOT_RUNNING', 'execute_rexx vm=off script="say 1"'
call refused 'VM_NOT_RUNNING', 'deploy_rexx vm=off'
REXX

# Ctrl-C: script and what it started are gone, and its folder.
for method in helper agent ssh; do
    cat >ended.rexx <<REXX
s = '"sleep 9753"'
address qemu "execute_rexx vm=a method=$method script={{s}}"
say 'not reached'
REXX
    interruptible rexx ./ended.rexx >ended.out 2>&1 &
    pid=$!
    wait_until 60 guest_is a 'ps w | grep -q "[s]leep 9753"'
    kill -INT $pid
    code=0
    wait $pid || code=$?
    assert_equals 130 $code "Ctrl-C with method=$method: $(cat ended.out)"
    wait_until 20 guest_is a '! ps w | grep -q "[s]leep 9753"'
    assert_equals '' "$(guest a 'find /run/address-qemu -mindepth 1 -type d')" "left of method=$method"
done

# Output is shown as it comes.
rexx -e 'address qemu "execute_rexx vm=a script=""say 11; call charout , 22"""; exit rc' >stream.out
assert_equals '11
22' "$(cat stream.out)"

# --- interpreters ---
cp "$BUILD_DIR/libexec/address-qemu/rexx-guest" own-rexx
printf '#!/bin/sh\necho 43\n' >wrong
checks <<'REXX'
/* Ours: a link to the one file, also where something else was. */
call ok 'execute vm=a command="rm -f /usr/local/bin/rexx; echo old >/usr/local/bin/rexx"'
call ok 'deploy_rexx vm=a'
call equal '/usr/local/bin/rexx', qemu_target, 'target'
call has qemu_binary, 'libexec/address-qemu/rexx-guest', 'binary'
call ok 'execute vm=a command="readlink /usr/local/bin/rexx; rexx -e ''say 6*7''"'
call equal '/usr/local/lib/address-qemu/rexx-guest' 42, qemu_stdout_lines.1 qemu_stdout_lines.2, 'ours'
call ok 'deploy_rexx vm=a target=/opt/new/folder/rexx'
call ok 'execute vm=a command="/opt/new/folder/rexx --version"'
call has qemu_stdout, 'rexx-guest', 'elsewhere'

/* A program of the user's; one that is none leaves what was there. */
call ok 'deploy_rexx vm=a rexx_binary=own-rexx target=/opt/own'
call equal 'own-rexx', qemu_binary, 'binary'
call ok 'execute vm=a command="stat -c %a:%F /opt/own"'
call equal '755:regular file', qemu_stdout_lines.1, 'own'
call refused 'GUEST_REFUSED', 'deploy_rexx vm=a rexx_binary=wrong target=/opt/own'
call has qemu_error, '43', 'what it said'
call ok 'execute vm=a command="/opt/own --version; ls -A /opt"'
call has qemu_stdout, 'rexx-guest', 'it is still there'
call equal 3, qemu_stdout_lines.0, 'nothing else is left' qemu_stdout
call refused 'GUEST_REFUSED', 'deploy_rexx vm=a target=/opt'
call refused 'VALUE_INVALID', 'deploy_rexx vm=a target=/opt/'
call refused 'FILE_NOT_FOUND', 'deploy_rexx vm=a rexx_binary=no-such'
call ok 'execute vm=a command="mkdir /opt/full; mount -t tmpfs -o size=100k full /opt/full"'
call refused 'GUEST_REFUSED', 'deploy_rexx vm=a rexx_binary=own-rexx target=/opt/full/rexx'
call ok 'execute vm=a command="ls -A /opt/full"'
call equal '', qemu_stdout, 'a full disk: nothing half-made'
REXX
