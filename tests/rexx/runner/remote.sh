#!/bin/bash
# shellcheck disable=SC2016 # single quotes hold REXX
# rexx --remote: a script on another machine, through a real sshd (on this one), as it would run here.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
requires ssh sshd ssh-keygen
PATH=$PATH:/usr/sbin:/sbin

# A server of our own, and what a user would have in ~/.ssh. What is sent there goes into a cache folder of ours.
here=$PWD
user=$(id -un)
ssh-keygen -q -t ed25519 -N '' -f host_key
ssh-keygen -q -t ed25519 -N '' -f mine
ssh-keygen -q -t ed25519 -N '' -f strange
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >sshd_config <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $here/host_key
PidFile $here/sshd.pid
AuthorizedKeysFile $here/mine.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv XDG_CACHE_HOME=$here/cache
CONFIG
cat >ssh_config <<CONFIG
Host far
    HostName 127.0.0.1
    Port $port
    User $user
    IdentityFile $here/mine
    UserKnownHostsFile $here/known_hosts
CONFIG
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
(umask 077 && echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 host_key.pub)" >known_hosts)
"$(command -v sshd)" -f sshd_config -E "$here/sshd.log"
cleanup_fn eval 'kill "$(cat sshd.pid)"'
export ADDRESS_QEMU_SSH_CONFIG=$here/ssh_config
unset SSH_AUTH_SOCK
wait_until 20 eval "ssh-keyscan -T 5 -p $port 127.0.0.1 2>/dev/null | grep -q ed25519"

# Streams apart, input of its own with any bytes in it, arguments as they are, the exit code; the runner goes first.
cat >script.rexx <<'REXX'
parse arg words
say 'words' words
call lineout '<stderr>', 'oops'
pull line
say 'pulled' line
say 'rest' c2x(charin(, , 4))
say 'connection' words(value('SSH_CONNECTION', , 'SYSTEM'))
exit 43
REXX
sed -i '$ s/$/ /; s/$/\r/' script.rexx
head -c -1 script.rexx >unended.rexx
for script in script.rexx unended.rexx; do
    code=0
    printf 'line\n\x00\xff\r\n' | rexx --remote far $script one "two  'three" >out 2>err || code=$?
    assert_equals "43 words one two  'three pulled LINE rest 00FF0D0A connection 4 oops" "$code $(paste -sd ' ' out) $(cat err)" $script
done
runner=cache/address-qemu/rexx-guest
cmp "$runner" "$BUILD_DIR/libexec/address-qemu/rexx-guest"
before=$(stat -c '%i %Y' $runner)
assert_equals 'by its address' "$(echo 'say "by its address"' >one.rexx; rexx --remote "$user@far" one.rexx </dev/null)"
assert_equals "$before" "$(stat -c '%i %Y' $runner)" 'it is sent once'
assert_equals "$(cd && pwd)" "$(echo 'address system "pwd"' >one.rexx; rexx --remote far one.rexx </dev/null)" 'where it runs'
cat >js.rexx <<'REXX'
LET x = 20
x += 1
say x arg()
REXX
assert_equals '21 2' "$(rexx --dialect=rexxjs -a --remote far js.rexx a b </dev/null)" 'options go with it'
echo 'say ( 1' >wrong.rexx
assert_code 220 rexx --remote far wrong.rexx </dev/null >out 2>&1
# Megabytes both ways, more than any window or pipe holds.
echo "'cat'" >cat.rexx
seq 300000 >numbers
rexx --remote far cat.rexx <numbers >echoed
cmp echoed numbers

# Whoever reads goes away: both sides end, and say nothing. What cannot be written here does not end it, as it would not
# there.
echo "say 'line'; 'sleep 76$$ & while echo line; do :; done'" >endless.rexx
{ rexx --remote far endless.rexx </dev/null 2>err || echo $? >code; } | head -n 1 >out
assert_equals 'line 141 ' "$(cat out) $(cat code) $(cat err)"
wait_until 30 eval '! pgrep -f "sleep 7[6]$$" >/dev/null'
assert_code 43 rexx --remote far script.rexx </dev/null >/dev/full 2>err
assert_equals oops "$(cat err)"

# What is said before the end is seen before the end; what is said here is heard there at once.
echo 'say "first"; pull x; say "then" x' >talk.rexx
mkfifo said
rexx --remote far talk.rexx <said >out 2>&1 &
talking=$!
exec 5>said
wait_until 60 grep -qx first out
echo go >&5
exec 5>&-
wait $talking
assert_equals 'first then GO' "$(paste -sd ' ' out)"

# In the background, but not as such jobs are otherwise: Ctrl-C is not ignored.
interruptible() {
    exec env --default-signal=INT "$@"
}
# Ctrl-C is the script's, which may do something about it, and its children's.
cat >halt.rexx <<REXX
signal on halt
say 'here'
'sleep 77$$'
halt: say 'halted'
exit 5
REXX
cat >hang.rexx <<REXX
say 'here'
'sleep 78$$'
say 'not here'
REXX
gone() { ! pgrep -f "sleep $1" >/dev/null; }
for case in "halt 5 77$$" "hang 130 78$$"; do
    read -r script code child <<<"$case"
    interruptible rexx --remote far "$script.rexx" </dev/null >out 2>&1 &
    pid=$!
    wait_until 60 eval "pgrep -f 'sleep $child' >/dev/null"
    kill -INT $pid
    got=0
    wait $pid || got=$?
    assert_equals "$code" $got "$script: $(cat out)"
    wait_until 20 gone "$child"
done
assert_lacks "$(cat out)" 'not here'
# A script that does not want to end is ended by another one; and by the end of the near side, however it ends.
echo "signal on halt; again: say 'here'; 'trap : INT; sleep 79$$'; halt: signal on halt; signal again" >stubborn.rexx
for signal in INT KILL; do
    interruptible rexx --remote far stubborn.rexx </dev/null >out 2>&1 &
    pid=$!
    wait_until 60 eval "pgrep -f 'sleep 79$$' >/dev/null"
    kill -$signal $pid
    if [ $signal = INT ]; then
        sleep 0.2
        kill -INT $pid 2>/dev/null || true
    fi
    wait $pid 2>/dev/null || true
    wait_until 30 gone "79$$"
    wait_until 30 eval '! pgrep -f "rexx-guest --stdin-unti[l]" >/dev/null'
done

# refused TEXT DESTINATION: nothing was run there, and this is said.
refused() {
    local code=0
    rexx --remote "$2" script.rexx </dev/null >out 2>err || code=$?
    case $code in 0 | 43) fail "$2 was let through: $code" ;; esac
    assert_equals '' "$(cat out)"
    assert_contains "$(cat err)" "$1" "$2"
}
refused VALUE_INVALID 'far:99999'
refused VALUE_INVALID '-oProxyCommand=x'
refused VALUE_INVALID 'a b'
refused HOST_NOT_FOUND 'no-such-host.invalid'
refused SSH_CLOSED '127.0.0.1:1'
sed -i "s|$here/mine\$|$here/strange|" ssh_config
refused SSH_KEY_REFUSED far
sed -i "s|$here/strange\$|$here/mine|" ssh_config
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 strange.pub)" >known_hosts
refused SSH_HOST_KEY_CHANGED far
: >known_hosts
refused SSH_HOST_KEY_UNKNOWN far
assert_contains "$(cat err)" "$(ssh-keygen -lf host_key.pub | cut -d' ' -f2)" 'which key it shows'
ADDRESS_QEMU_SSH_CONFIG=/nowhere refused FILE_NOT_FOUND far
assert_code 2 rexx --remote far 2>err
assert_contains "$(cat err)" FILE
assert_code 2 rexx --remote far nowhere.rexx 2>err
assert_contains "$(cat err)" 'not found'
assert_code 2 rexx --remote 2>err
