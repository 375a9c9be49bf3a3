#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# The serial console as a way into a guest: a real getty and a real login, and a guest that has nothing else any more.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
cleanup_fn remove_all
qemu 'clone base=micro name=a network=none'
store=$ADDRESS_QEMU_HOME

# A getty, as a distribution has one; and a password.
guest a 'printf "root:%s" "$(printf "secret word\n" | cryptpw -m sha512 -P 0 2>/dev/null || printf "secret word" | mkpasswd -m sha512 -P 0)" >/tmp/hash
    f=/etc/shadow; [ -e $f ] || f=/etc/passwd
    hash=$(cut -d: -f2 /tmp/hash) awk -F: -v OFS=: "\$1 == \"root\" {\$2 = ENVIRON[\"hash\"]} {print}" $f >/tmp/new && cat /tmp/new >$f
    (while :; do setsid getty -L 115200 ttyS0 vt100; sleep 0.2; done) </dev/null >/dev/null 2>&1 &'
(umask 077 && echo 'secret word' >password && echo 'wrong' >wrong)
echo 'secret word' >open
chmod 644 open
head -c 20000 /dev/urandom >noise
checks <<'REXX'
call refused 'CONSOLE_LOGIN_REFUSED', 'execute vm=a method=serial command=true'
call has qemu_error, 'configure_serial', 'what to do'
call refused 'VALUE_INVALID', 'configure_serial vm=a password_file=open'
call refused 'FILE_NOT_FOUND', 'configure_serial vm=a password_file=nowhere'
call refused 'VALUE_INVALID', 'configure_serial vm=a user="a b"'
call ok 'configure_serial vm=a password_file=wrong'
call refused 'CONSOLE_LOGIN_REFUSED', 'execute vm=a method=serial command=true'
call ok 'configure_serial vm=a password_file=password'
call equal 'root', qemu_user, 'who'

/* Exact: streams apart, any bytes, codes; amid what the kernel says. */
c = 'echo "<3>a disaster on the console" >/dev/kmsg; id -un; printf "\001\002\n\377"; echo oops >&2; exit 43'
call refused 'GUEST_COMMAND_FAILED', 'execute vm=a method=serial command={{c}}'
call equal 'serial' 43 'oops'||'0a'x, qemu_method qemu_exit_code qemu_stderr, 'code and errors'
call equal 'root'||'0a01020aff'x, qemu_stdout, 'output'
c = '(while :; do echo "<3>noise on the console" >/dev/kmsg; usleep 100000; done) & n=$!; head -c 30000 /dev/zero | tr "\0" x; kill $n'
call ok 'execute vm=a method=serial command={{c}}'
call equal 30000, length(qemu_stdout), 'length amid noise'
call equal '', strip(qemu_stdout, , 'x'), 'exact amid noise'
call ok 'copy_to vm=a method=serial local=noise remote=/root/noise mode=600'
call ok 'copy_from vm=a method=serial remote=/root/noise local=back'
call equal 'serial' 20000, qemu_method qemu_bytes, 'a file there and back'
call refused 'GUEST_FILE_NOT_FOUND', 'copy_from vm=a method=serial remote=/root/nothing local=back2'
call ok 'execute_rexx vm=a method=serial stream=no args="of today" script="parse arg a; say a; say checkpoint(''x'')"'
call equal 'serial of today', qemu_method qemu_stdout_lines.1, 'execute_rexx'
call refused 'COMMAND_TIMEOUT', 'execute vm=a method=serial timeout=3s command="sleep 7612 & sleep 7613"'
call ok 'execute vm=a command="ps w | grep -q [P]ID && ! ps w | grep sleep.761[23]"' /* micro has no pgrep */

/* Nothing else is left: auto comes down to it, and says why. */
c = 'kill -TSTP 1; killall rexx-guest qemu-ga; true'
call ok 'execute vm=a method=serial command={{c}}'
call ok 'execute vm=a ready_timeout=2s command="echo here"'
call equal 'serial here', qemu_method qemu_stdout_lines.1, 'fallen back'
call has qemu_method_reason, 'helper', 'the reason'
call has qemu_output, 'by the console', 'the reason for a human'
call ok 'configure_serial vm=a reset'
call refused 'AGENT_MISSING', 'execute vm=a ready_timeout=2s command=true'
call ok 'configure_serial vm=a password_file=password'
REXX
cmp noise back
# Whoever was logged in is logged out again: the next one has to say the password.
assert_contains "$(tail -c 200 "$store/vms/a/console.log")" 'login:'
# Ctrl-C ends what runs there.
interruptible rexx -e "address qemu 'execute vm=a method=serial command=\"sleep 7614\"'" >out 2>&1 &
pid=$!
sleep 8
kill -INT $pid
wait $pid || true
qemu 'execute vm=a method=serial ready_timeout=60s command="ps w | grep -q [P]ID && ! ps w | grep sleep.761[4]"'

# A script's VM that has nothing but a console: started, logged into, stopped, by that alone.
printf '/* rexxjs-vm-base: micro */\nparse arg a\nsay "here" a\n"id -un"\ncall lineout "stderr", "oops"\n"echo ran >>/root/ran; sync"\n' >good.rexx
printf '/* rexxjs-vm-base: micro */\nsay "before"\nexit 5\n' >five.rexx
checks <<'REXX'
c = 'echo "ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100" >>/etc/inittab; sed -i "/agent$/d; /helper$/d" /etc/inittab; sync'
call ok 'execute vm=a method=serial command={{c}}'
REXX
qemu 'stop a'
checks <<'REXX'
call ok 'provision script=good.rexx name=a method=serial args="x  y" keep_running stream=no'
call equal 'serial running 0', qemu_method qemu_status qemu_exit_code, 'how'
call equal 'here x  y'||'0a'x'root'||'0a'x, qemu_stdout, 'output'
call equal 'oops'||'0a'x, qemu_stderr, 'errors'
call refused 'GUEST_COMMAND_FAILED', 'provision script=five.rexx name=a method=serial stream=no'
call equal 5 'before'||'0a'x 'running', qemu_exit_code qemu_stdout qemu_status, 'a script that fails'
call ok 'execute vm=a method=serial command="cat /root/ran; ls -A /run/address-qemu"'
call equal 'ran'||'0a'x, qemu_stdout, 'run once; nothing of it is left'
call ok 'provision script=good.rexx name=a method=serial stream=no snapshot=true'
call equal 'stopped', qemu_status, 'stopped at its end'
REXX
