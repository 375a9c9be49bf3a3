#!/bin/bash
# rexx --remote by ways that ~/.ssh/config describes: over another host (ProxyJump), through another program
# (ProxyCommand), to a host that known_hosts has under another name (HostKeyAlias). Through two real sshds on this
# machine.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
requires ssh sshd ssh-keygen
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd

# start NAME: a server with a host key of its own; its port is then in port_NAME, what it logs in NAME.log
here=$PWD
ssh-keygen -q -t ed25519 -N '' -f mine
start() {
    local port
    ssh-keygen -q -t ed25519 -N '' -f "$1.key"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >"$1.conf" <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $here/$1.key
PidFile $here/$1.pid
AuthorizedKeysFile $here/mine.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv XDG_CACHE_HOME=$here/cache SERVER=$1
CONFIG
    "$(command -v sshd)" -f "$here/$1.conf" -E "$here/$1.log"
    cleanup_fn eval "kill \$(cat $1.pid)"
    declare -g "port_$1=$port"
    wait_until 20 eval "ssh-keyscan -T 5 -p $port 127.0.0.1 2>/dev/null | grep -q ed25519"
}
start gate
start inner
key() { cut -d' ' -f1,2 "$1.key.pub"; }

# shellcheck disable=SC2154 # the ports
cat >ssh_config <<CONFIG
Host gate
    Port $port_gate
Host inner through-gate twice by-command by-program plain piped silent passed
    Port $port_inner
    HostKeyAlias the-inner-one
Host through-gate
    ProxyJump gate
Host twice
    ProxyJump gate,inner
Host by-command
    ProxyCommand exec ssh -W '[%h]:%p' "ga"te
Host by-program
    ProxyCommand $here/lead %h %p %n %r %%
Host plain
    ProxyJump none
Host piped
    ProxyCommand nc %h %p | tee log
Host silent
    ProxyCommand $here/lead-nowhere
Host passed
    ProxyCommand $here/lead %h %p
    ProxyUseFdpass yes
Host own-name
    Port $port_inner
Host *
    HostName 127.0.0.1
    User $(id -un)
    IdentityFile $here/mine
    UserKnownHostsFile $here/known_hosts
CONFIG
cat >lead <<PROGRAM
#!/usr/bin/env python3
import os, select, socket, sys
open("$here/led", "w").write(" ".join(sys.argv[1:]))
far = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while True:
    for ready in select.select([0, far], [], [])[0]:
        got = os.read(0, 65536) if ready == 0 else far.recv(65536)
        if not got:
            sys.exit()
        far.sendall(got) if ready == 0 else os.write(1, got)
PROGRAM
printf '#!/bin/sh\necho "first line" >&2\necho "nobody is here" >&2\n' >lead-nowhere
chmod +x lead lead-nowhere
know() { (umask 077 && printf '%s\n' "$@" >known_hosts); }
know "[127.0.0.1]:$port_gate $(key gate)" "the-inner-one $(key inner)"
export ADDRESS_QEMU_SSH_CONFIG=$here/ssh_config
unset SSH_AUTH_SOCK

cat >script.rexx <<'REXX'
parse arg words
say value('SERVER', , 'SYSTEM') words
call lineout '<stderr>', 'oops'
pull line
say 'pulled' line
exit 43
REXX
accepted() { grep -c 'Accepted publickey' "$1.log" || true; }
# arrives HOST GATES INNERS: the script runs at the inner server; that many logins are seen by each
arrives() {
    local code=0 gate inner
    gate=$(accepted gate) inner=$(accepted inner)
    echo line | timeout 100 rexx --remote "$1" script.rexx a 'b  c' >out 2>err || code=$?
    assert_equals '43 inner a b  c pulled LINE oops' "$code $(paste -sd ' ' out) $(cat err)" "$1"
    assert_equals "$2 $3" "$(($(accepted gate) - gate)) $(($(accepted inner) - inner))" "logins on the way to $1"
}
arrives inner 0 1
arrives plain 0 1
arrives through-gate 1 1
arrives twice 1 2
arrives by-command 1 1
arrives by-program 0 1
assert_equals "127.0.0.1 $port_inner by-program $(id -un) %" "$(cat led)"
arrives "$(id -un)@through-gate:$port_inner" 1 1
# Megabytes both ways
echo "'cat'" >cat.rexx
seq 200000 >numbers
rexx --remote through-gate cat.rexx <numbers >echoed
cmp echoed numbers

# However the near side ends, what leads there ends with it; and the script.
# shellcheck disable=SC2329 # by wait_until
nothing_left() { ! pgrep -f "[s]leep 77$$" && ! pgrep -f "[s]sh.*-F$here/ssh_config"; } >/dev/null
echo "'sleep 77$$'" >hang.rexx
for signal in INT KILL; do
    env --default-signal=INT rexx --remote twice hang.rexx </dev/null >out 2>&1 &
    pid=$!
    wait_until 60 eval "pgrep -f '[s]leep 77$$' >/dev/null"
    kill -$signal $pid
    wait $pid 2>/dev/null || true
    wait_until 20 nothing_left
done

# refused TEXT DESTINATION [PART]: nothing was run there, and this is said.
refused() {
    local code=0
    timeout 100 rexx --remote "$2" script.rexx </dev/null >out 2>err || code=$?
    case $code in 0 | 43 | 124) fail "$2 was let through: $code" ;; esac
    assert_equals '' "$(cat out)"
    assert_contains "$(cat err)" "$1" "$2"
    assert_contains "$(cat err)" "${3-}" "$2"
}
refused NOT_SUPPORTED piped 'with |, for which it would take a shell'
refused NOT_SUPPORTED passed ProxyUseFdpass
refused SSH_UNREACHABLE silent 'which said: nobody is here'
refused SSH_HOST_KEY_UNKNOWN own-name
# The gate is as strict as the host behind it, and nobody is asked.
know "[127.0.0.1]:$port_gate $(key inner)" "the-inner-one $(key inner)"
refused SSH_UNREACHABLE through-gate 'Host key verification failed'
know "the-inner-one $(key inner)"
refused SSH_UNREACHABLE through-gate 'Host key verification failed'
# The name counts under which known_hosts has it, and no other.
know "[127.0.0.1]:$port_gate $(key gate)" "the-inner-one $(key gate)"
refused SSH_HOST_KEY_CHANGED through-gate
know "[127.0.0.1]:$port_gate $(key gate)" "[127.0.0.1]:$port_inner $(key inner)"
refused SSH_HOST_KEY_UNKNOWN through-gate
echo 'NoSuchOption yes' >>ssh_config
refused VALUE_INVALID inner nosuchoption
nothing_left
