#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# A guest reaches what its rules say and nothing else, by whatever frames it tries; each attempt is counted. Ports of the
# host lead into it. Without its companion it has no network at all.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
requires curl python3

micro_base
cleanup_fn remove_all

# The host's services: one that is allowed, a neighbour and one of UDP that are not.
mkfifo hold
"$BUILD_DIR/tests/network-probe" serve <hold >contacts &
exec 9>hold # it serves as long as this is open
wait_until 20 test -s contacts
read -r service neighbour udp six <contacts
contacts() {
    sleep 0.2
    tail -n +2 contacts | sort | uniq -c | tr -s ' ' | tr '\n' ','
}

asked=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# A client comes first, before the guest has begun to boot.
qemu "clone base=micro name=one forward='8080, $asked:9090' egress='localhost:$service'" >/dev/null
ingress=$(qemu_get QEMU_INGRESS_PORT 'ports vm=one')
curl --silent --show-error --max-time 240 "http://127.0.0.1:$ingress/hello.txt" >early.txt &
early=$!
qemu 'wait name=one for=agent' >/dev/null
qemu "copy_to vm=one local='$BUILD_DIR/tests/network-probe' remote=/bin/network-probe mode=755" >/dev/null
guest one 'mkdir /www; echo "hello from the guest" >/www/hello.txt; httpd -p 8080 -h /www; httpd -p 9090 -h /www'
qemu 'wait name=one for=port:8080 timeout=60' >/dev/null
wait $early
assert_equals 'hello from the guest' "$(cat early.txt)" 'the early client'
assert_equals 'hello from the guest' "$(curl --silent --max-time 60 "http://127.0.0.1:$asked/hello.txt")" 'a port that was asked for'
assert_code 5 qemu 'wait name=one for=port:8081 timeout=2' 2>error.txt
assert_contains "$(cat error.txt)" 'its system says so'

# --- what it may reach ---
# ends WORD SUBJECT: the attempt in the guest ends so.
ends() {
    assert_equals "$1" "$(guest one "network-probe ${*:2} || true")" "${*:2}"
}
wait_until 60 guest_is one 'ip -6 addr show dev eth0 | grep fec0 | grep -qv tentative'
ends served tcp 10.0.2.2 "$service"
[ "$six" = 0 ] || ends served tcp fec0::2 "$service"
reached=$(contacts)
ends refused tcp 10.0.2.2 "$neighbour"
ends refused tcp fec0::2 "$neighbour"
ends unreachable udp 10.0.2.2 "$udp"
ends refused tcp 169.254.169.254 80
ends refused tcp 198.51.100.1 443
ends unreachable udp 8.8.8.8 53
ends refused tcp 2001:db8::1 443
assert_code 1 guest one 'ping -c 1 -W 2 10.0.2.2' >/dev/null
assert_code 1 guest one 'nslookup example.com 10.0.2.3' >/dev/null
for kind in fragment options source loopback ethertype vlan mac; do
    guest one "network-probe raw $kind 10.0.2.2 $service"
done
assert_equals "$reached" "$(contacts)" 'after all that was forbidden'
guest one "network-probe raw plain 10.0.2.2 $service"
wait_until 20 eval '[ "$(contacts)" != "$reached" ]'

checks "$neighbour" <<'REXX'
parse arg neighbour
call ok 'egress vm=one'
call equal 1, qemu_dropped >= 14, 'dropped' qemu_dropped
call equal 1, qemu_passed > 0, 'passed' qemu_passed
rows = ''
wanted = 'localhost rule special icmp dns fragment options source nowhere ethertype mac'
do i = 1 to qemu_drops.0
    count = value('seen.'qemu_drops.i.reason, qemu_drops.i.count)
    if qemu_drops.i.port = neighbour then rows = rows qemu_drops.i.protocol'/'qemu_drops.i.target
    if qemu_drops.i.reason = 'dns' then call equal 'example.com', qemu_drops.i.name, 'a name'
end
do i = 1 to words(wanted)
    call equal 'VAR', symbol('seen.'word(wanted, i)), 'counted for' word(wanted, i)
end
call has rows, 'tcp/10.0.2.2', 'rows'
call has rows, 'tcp/fec0::2', 'rows'
call has qemu_output, 'port' neighbour, 'the listing'
call ok 'inspect one'
call equal 'running', qemu_companion, 'its companion'
REXX
assert_contains "$(cat "$ADDRESS_QEMU_HOME/vms/one/network.log")" "dropped tcp to 10.0.2.2 port $neighbour"

# --- at once, and for the next start too ---
qemu "egress vm=one allow=localhost:$neighbour deny=localhost:$service" >/dev/null
ends served tcp 10.0.2.2 "$neighbour"
ends refused tcp 10.0.2.2 "$service"
qemu "egress vm=one allow=localhost:$udp/udp" >/dev/null
ends silent udp 10.0.2.2 "$udp"
assert_contains "$(contacts)" ' 1 udp,'

# --- a state that is restored has the same network, in another companion ---
qemu 'save_state one' >/dev/null
qemu 'restore_state one' >/dev/null
ends served tcp 10.0.2.2 "$neighbour"
ends refused tcp 10.0.2.2 "$service"
assert_equals 'hello from the guest' "$(curl --silent --max-time 60 "http://127.0.0.1:$ingress/hello.txt")" 'after a restore'

# --- its companion is killed: no packet passes ---
kill -KILL "$(sed -n 's/^companion: //p' "$ADDRESS_QEMU_HOME/vms/one/run.yaml")"
before=$(contacts)
assert_equals silent "$(guest one "network-probe tcp 10.0.2.2 $neighbour || true")"
assert_code 7 curl --silent --max-time 10 "http://127.0.0.1:$ingress/hello.txt"
assert_equals "$before" "$(contacts)" 'without a companion'
assert_equals gone "$(qemu_get QEMU_COMPANION 'inspect one')"
qemu 'remove name=one force=true' >/dev/null
assert_no_vms
