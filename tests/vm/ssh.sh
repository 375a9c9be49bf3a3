#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# SSH into a guest: prepared through the helper, fallen back to when that is gone, refused with the cause when something
# is not as it should be; and what the user's own ssh makes of it. Commands and files are in execute.sh and copy.sh.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
requires ssh ssh-keygen

micro_base
cleanup_fn remove_all
qemu 'clone base=micro name=a'
qemu 'clone base=micro name=b'
qemu 'clone base=micro name=lonely network=none'
store=$ADDRESS_QEMU_HOME

# Whoever is in the guest by its helper learns its host keys in passing, and changes nothing there.
learnt() {
    guest b true
    [ -s "$store/vms/b/known_hosts" ]
}
wait_until 120 learnt
guest_is b '! grep -vq address-qemu /root/.ssh/authorized_keys && [ "$(wc -l </root/.ssh/authorized_keys)" = 1 ]' ||
    fail 'a key was let in unasked' # but that of the store where the base was built

# The first time that SSH is wanted it is prepared: the store's key, the guest's, and each let in or pinned once.
checks <<'REXX'
call ok 'execute vm=a method=ssh command="echo $SSH_CONNECTION | wc -w; id -un"'
call equal 'ssh 4 root', qemu_method qemu_stdout_lines.1 qemu_stdout_lines.2, 'through SSH'
call equal 'QEMU_METHOD_REASON', qemu_method_reason, 'no reason where SSH was asked for'
call ok 'execute vm=a method=ssh command="wc -l </root/.ssh/authorized_keys"'
call equal 2, strip(qemu_stdout, , '0a'x), 'one key more is let in, beside that of where the base was built'
call ok 'execute vm=a method=guest-agent command=true'
call equal 'agent', qemu_method, 'the original''s name'
call refused 'NO_NETWORK', 'execute vm=lonely method=ssh command=true'
call refused 'NO_NETWORK', 'ssh_config name=lonely'
call ok 'wait name=a for=ssh'
call equal 'ssh', qemu_method, 'the server lets us in'
REXX
assert_equals '600 700' "$(stat -c %a "$store/ssh/id_ed25519" "$store/ssh" | paste -sd ' ')"
assert_equals "$(ssh-keygen -y -f "$store/ssh/id_ed25519" | cut -d' ' -f1,2)" "$(cut -d' ' -f1,2 "$store/ssh/id_ed25519.pub")"
assert_equals 600 "$(stat -c %a "$store/vms/a/known_hosts")"
[ "$(cut -d' ' -f3 "$store/vms/a/known_hosts")" != "$(cut -d' ' -f3 "$store/vms/b/known_hosts")" ] ||
    fail 'two clones have one host key'

# The host's own ssh, by a configuration and by a command line.
qemu "ssh_config name=a file='$PWD/a.ssh'" >shown
cmp shown a.ssh
assert_contains "$(ssh -F a.ssh -G a)" 'stricthostkeychecking true'
assert_equals 'from a' "$(ssh -F a.ssh a 'echo from $(hostname)')"
command=$(qemu_get QEMU_COMMAND 'ssh_config name=a')
assert_equals 'from a' "$(eval "$command 'echo from \$(hostname)'")"

# Scripts through it. What is said before the end is seen before the end; the streams stay apart; codes arrive.
piped() { # SCRIPT ARG …, through a shell there
    local script=$1
    shift
    ssh -F a.ssh a "rexx --stdin $*" <"$script"
}
cat >stream.rexx <<'REXX'
parse arg words
say 'first' words
call lineout '<stderr>', 'oops'
'until [ -e /tmp/go ]; do sleep 0.1; done'
say 'second'
exit 43
REXX
piped stream.rexx one "'b  c'" >out 2>err &
streaming=$!
wait_until 60 grep -qx 'first one b  c' out
wait_until 60 grep -qx oops err
assert_lacks "$(cat out)" second
guest a 'touch /tmp/go'
code=0
wait $streaming || code=$?
assert_equals '43 first one b  c second oops' "$code $(paste -sd ' ' out) $(cat err)"
printf 'say "crlf" arg(1)\r\nsay "end"\r\nexit 3' >crlf.rexx
code=0
piped crlf.rexx x >out || code=$?
assert_equals '3 crlf x end' "$code $(paste -sd ' ' out)"
head -n 140000 <(yes '/* a line of a long script, of which there are many and all the same */') >long.rexx
echo 'say "the end"; exit 7' >>long.rexx
code=0
piped long.rexx >out || code=$?
assert_equals '7 the end' "$code $(cat out)"
# Data behind a mark are the script's own, whatever bytes they are.
{ printf 'parse arg a\r\nsay "data of" a c2x(charin(, , 6)) "then" linein()\r\nexit 4\n==DATA==\r\n'; printf '\x00\xff\r\n\x1a=rest\n'; } >marked
code=0
ssh -F a.ssh a 'rexx --stdin-until ==DATA== x' <marked >out || code=$?
assert_equals '4 data of x 00FF0D0A1A3D then rest' "$code $(cat out)"
head -c 3000000 /dev/urandom >noise
{ printf "'cat'\n==DATA==\n"; cat noise; } | ssh -F a.ssh a 'rexx --stdin-until ==DATA==' | cmp - noise
printf 'say ( 1\n' >wrong.rexx
code=0
piped wrong.rexx >out 2>err || code=$?
assert_equals 220 $code "$(cat out err)"

cat >client.rexx <<'REXX'
parse arg words
pull x
address system 'hostname' with output stem name.
say 'here' name.1 words x
call lineout '<stderr>', 'oops'
exit 43
REXX
echo "'cat'" >cat.rexx
# The same by our own client: the guest's rexx is there, so nothing is sent.
printf 'Host a\nHostName 127.0.0.1\nPort %s\nUser root\nIdentityFile %s\nUserKnownHostsFile %s\n' \
    "$(qemu_get QEMU_SSH_PORT 'status a')" "$store/ssh/id_ed25519" "$PWD/known" >own.ssh
sed "s/^[^ ]*/[127.0.0.1]:$(qemu_get QEMU_SSH_PORT 'status a')/" "$store/vms/a/known_hosts" >known
remote() {
    ADDRESS_QEMU_SSH_CONFIG=$PWD/own.ssh rexx --remote a "$@"
}
code=0
printf 'pulled\n' | remote client.rexx one "b  c" >out 2>err || code=$?
assert_equals '43 here a one b  c PULLED oops' "$code $(paste -sd ' ' out) $(cat err)"
remote cat.rexx <noise >echoed
cmp echoed noise
guest_is a '[ ! -e /root/.cache ]' || fail 'a runner was sent to where one was'

# Whatever ends the near side ends the far side, with all that the script has started.
echo "say 'here'; 'sleep 7654 & sleep 7655'; say 'not here'" >hang.rexx
for signal in INT KILL; do
    interruptible ssh -F a.ssh a 'rexx --stdin' <hang.rexx >out 2>&1 &
    pid=$!
    wait_until 60 guest_is a 'ps | grep -q "[s]leep 7655"'
    kill -$signal $pid
    wait $pid 2>/dev/null || true
    assert_equals here "$(cat out)"
    wait_until 20 guest_is a '! ps | grep -q "[s]leep 765\|[r]exx --stdin"'
done
# So does half a script: a connection that is cut while it is sent.
{ echo "'echo ran >/tmp/half'"; cat long.rexx; } >half.rexx
(head -c 3000000 half.rexx; sleep 60) | ssh -F a.ssh a 'rexx --stdin' >out 2>&1 &
pid=$!
wait_until 60 guest_is a 'ps | grep -q "[r]exx --stdin"'
pkill -KILL -P $$ -x ssh
wait $pid 2>/dev/null || true
pkill -P $$ -x sleep || true
wait_until 20 guest_is a '! ps | grep -q "[r]exx --stdin"'
guest_is a '[ ! -e /tmp/half ]' || fail 'half a script was run'

# The key is no longer let in: with the helper at hand it is mended. Another host key is not: somebody has to say so.
checks <<'REXX'
call ok 'execute vm=a command="rm /root/.ssh/authorized_keys"'
call ok 'execute vm=a method=ssh command="echo again"'
call equal 'again', qemu_stdout_lines.1, 'let in again'
call ok 'execute vm=a command="rm /etc/dropbear/dropbear_ed25519_host_key; killall dropbear; until [ -s /etc/dropbear/dropbear_ed25519_host_key ]; do sleep 0.1; done"'
call refused 'SSH_HOST_KEY_CHANGED', 'execute vm=a method=ssh command=true'
call equal 6, rc, 'refused'
call refused 'SSH_HOST_KEY_CHANGED', 'copy_to vm=a method=ssh local=crlf.rexx remote=/root/x'
call refused 'SSH_HOST_KEY_CHANGED', 'wait name=a for=ssh'
call ok 'configure_ssh vm=a trust=guest'
call equal 'guest 1 ssh-ed25519', qemu_trust qemu_host_keys.0 qemu_host_keys.1.type, 'read again'
call has qemu_host_keys.1.fingerprint, 'SHA256:', 'fingerprint'
call ok 'execute vm=a method=ssh command=true'
REXX

# The network of the guest goes while a command runs, and comes back.
checks <<'REXX'
c = 'sleep 8765 & (sleep 1; ip link set eth0 down) & sleep 8766'
call time 'R'
call refused 'SSH_CONNECTION_LOST', 'execute vm=a method=ssh command={{c}}'
call has qemu_error, 'nothing has come', 'silence'
call refused 'SSH_SILENT', 'execute vm=a method=ssh command=true ready_timeout=2s'
call has qemu_error, 'console', 'the console where it may tell'
call ok 'execute vm=a command="ip link set eth0 up"'
call has 'helper agent', qemu_method, 'there was no need for SSH'
REXX
wait_until 60 guest_is a '! ps | grep -q "[s]leep 876"'
qemu 'execute vm=a method=ssh command=true'

# The guest's disk is full: a script is refused as it is by the other ways, and nothing of it stays. (Files: copy.sh.)
checks <<'REXX'
c = 'mkdir -p /run/address-qemu; mount -t tmpfs -o size=64k full /run/address-qemu; head -c 40000 /dev/zero >/run/address-qemu/full'
call ok 'execute vm=a command={{c}}'
ways = 'ssh helper agent'
do i = 1 to words(ways)
    call refused 'GUEST_REFUSED', 'execute_rexx vm=a script_file=long.rexx method='word(ways, i)
    call has qemu_error, 'No space left on device', word(ways, i)
    call ok 'execute vm=a command="ls -A /run/address-qemu"'
    call equal 'full'||'0a'x, qemu_stdout, 'left by' word(ways, i)
end
call ok 'execute vm=a command="umount /run/address-qemu"'
call ok 'execute_rexx vm=a method=ssh script="say 1 + 1"'
REXX

# QEMU is killed in the middle: whatever goes through SSH ends at once, and no file here is less than it was.
truncate -s 600M huge
guest b 'truncate -s 600M /root/huge; sync'
mkdir taken
echo old >taken/file
ways=('execute command="sleep 8899"' 'copy_to local=huge remote=/root/sent' 'copy_from remote=/root/huge local=taken/file')
pids=()
for i in 0 1 2; do
    rexx -e 'parse arg c; address qemu c "vm=b method=ssh"; say qemu_error_code rc qemu_error' "${ways[i]}" >killed.$i 2>/dev/null &
    pids+=($!)
done
wait_until 60 guest_is b 'ps | grep -q "[s]leep 8899" && [ -n "$(find /root -name ".aq-*" -size +100k)" ]'
wait_until 60 eval '[ -n "$(find taken -name ".address-qemu*" -size +100k)" ]'
for i in 0 1 2; do
    kill -0 "${pids[i]}" || fail "it ended too early: $(cat killed.$i)"
done
before=$SECONDS
kill -KILL "$(qemu_get QEMU_PID 'status b')"
wait "${pids[@]}" || true
[ $((SECONDS - before)) -lt 15 ] || fail "they hung for $((SECONDS - before)) s"
for i in 0 1 2; do
    assert_contains "$(cat killed.$i)" 'VM_NOT_RUNNING 4 ' "${ways[i]}"
done
assert_equals 'stopped file old' "$(qemu_get QEMU_STATUS 'status b') $(ls -A taken) $(cat taken/file)"
rm huge

# Helper and agent are gone: SSH is what is left, and says so.
checks <<'REXX'
c = 'kill -TSTP 1; killall rexx-guest qemu-ga; true'
call ok 'execute vm=a method=ssh command={{c}}'
call ok 'execute vm=a command="echo by SSH"'
call equal 'ssh by SSH', qemu_method qemu_stdout_lines.1, 'fallen back'
call has qemu_method_reason, 'helper', 'the reason'
call has qemu_method_reason, 'agent', 'the reason'
call has qemu_output, 'through SSH', 'the reason for a human'
call ok 'copy_to vm=a local=crlf.rexx remote=/root/auto'
call equal 'ssh', qemu_method, 'copy_to'
call ok 'copy_from vm=a remote=/root/auto local=auto'
call equal 'ssh', qemu_method, 'copy_from'
call refused 'AGENT_MISSING', 'execute vm=a method=agent command=true ready_timeout=1s'
call refused 'NOT_SUPPORTED', 'install_guest_agent name=a'
call has qemu_error, 'package manager', 'a guest without one'
REXX
cmp auto crlf.rexx

# Nobody can be asked who the guest is, any more: what is said counts, and only that.
fingerprint=$(ssh-keygen -l -f "$store/vms/a/known_hosts" | cut -d' ' -f2)
cut -d' ' -f2- "$store/vms/a/known_hosts" >a.pub
rm "$store/vms/a/known_hosts"
ssh-keygen -q -t ed25519 -N '' -f stranger
ssh-keygen -q -t ed25519 -N secret -f locked
checks "$fingerprint" <<'REXX'
parse arg known
soon = 'ready_timeout=2s'
call refused 'SSH_HOST_KEY_UNKNOWN', 'execute vm=a method=ssh command=true' soon
call has qemu_error, 'configure_ssh', 'what to do'
call refused 'AGENT_MISSING', 'execute vm=a command=true' soon
call ok 'configure_ssh vm=a host_key=SHA256:'reverse(substr(known, 8))
call refused 'SSH_HOST_KEY_CHANGED', 'execute vm=a method=ssh command=true'
call ok 'configure_ssh vm=a host_key='known
call equal 'given 0', qemu_trust qemu_host_keys.0, 'nothing is pinned before the first contact'
call ok 'execute vm=a method=ssh command=true'
call ok 'configure_ssh vm=a'
call equal 'before' 1 known, qemu_trust qemu_host_keys.0 qemu_host_keys.1.fingerprint, 'pinned by it'
call ok 'configure_ssh vm=a reset host_key_file=stranger.pub'
call refused 'SSH_HOST_KEY_CHANGED', 'execute vm=a method=ssh command=true'
call ok 'configure_ssh vm=a host_key_file=a.pub'
call equal 'given' known, qemu_trust qemu_host_keys.1.fingerprint, 'a file'
call ok 'execute vm=a method=ssh command=true'
call ok 'configure_ssh vm=a host_key_file=stranger.pub'
call ok 'configure_ssh vm=a trust=first'
call equal 'first' known, qemu_trust qemu_host_keys.1.fingerprint, 'first sight'
call has qemu_output, 'unchecked', 'is said to be that'
call ok 'execute vm=a method=ssh command=true'

/* Keys, users and places. */
call ok 'configure_ssh vm=a key_file=stranger'
call refused 'SSH_KEY_REFUSED', 'execute vm=a method=ssh command=true'
call ok 'configure_ssh vm=a key_file=locked'
call refused 'SSH_KEY_UNUSABLE', 'execute vm=a method=ssh command=true'
call refused 'FILE_NOT_FOUND', 'configure_ssh vm=a key_file=nowhere'
call ok 'configure_ssh vm=a reset user=nobody'
call refused 'SSH_KEY_REFUSED', 'execute vm=a method=ssh command=true'
call has qemu_error, 'nobody', 'who was refused'
call ok 'configure_ssh vm=a user="" port=2222'
call refused 'NO_NETWORK', 'execute vm=a method=ssh command=true'
call ok 'status name=a'
port = qemu_ssh_port
call ok 'configure_ssh vm=a host=localhost port={port}'
call ok 'execute vm=a method=ssh command=true'
call equal 'ssh', qemu_method, 'by name and port'
call ok 'configure_ssh vm=a host=no-such-host.invalid'
call refused 'HOST_NOT_FOUND', 'execute vm=a method=ssh command=true'
call ok 'configure_ssh vm=a reset'
call ok 'execute vm=a method=ssh command=true'
call refused 'VALUE_INVALID', 'configure_ssh vm=a host="-oProxyCommand=x"'
call refused 'VALUE_INVALID', 'configure_ssh vm=a user="a b"'
call refused 'VALUE_INVALID', 'configure_ssh vm=a host_key=SHA256:short'
call refused 'VALUE_INVALID', 'configure_ssh vm=a trust=first host_key='known
call refused 'VALUE_INVALID', 'configure_ssh vm=a host_key_file=crlf.rexx'
call refused 'VM_NOT_FOUND', 'configure_ssh vm=nobody'

/* A guest without a server, at last. */
c = 'killall -STOP acpid; (sleep 1; killall dropbear) >/dev/null 2>&1 </dev/null &'
call ok 'execute vm=a method=ssh command={{c}}'
address system 'sleep 2'
call refused 'SSH_CLOSED', 'execute vm=a method=ssh command=true ready_timeout=2s'
call refused 'AGENT_MISSING', 'execute vm=a command=true ready_timeout=4s'
call has qemu_error, 'SSH', 'neither way'
call ok 'stop name=a force=true'
call refused 'VM_NOT_RUNNING', 'execute vm=a method=ssh command=true'
call ok 'configure_ssh vm=a'
call equal 'before', qemu_trust, 'of a stopped VM'
REXX
