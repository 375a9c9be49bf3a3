#!/bin/bash
# shellcheck disable=SC2016 # single quotes hold text for guests
# A VM's network through its gateway, against QEMU's built-in user networking: a second card of the same guest, so that
# both are measured in the same run.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
. "$SOURCE_DIR/scripts/bench.d/functions"
requires python3 curl

probe=$BUILD_DIR/tests/network-probe
mkfifo hold
"$probe" serve-bulk <hold >ports &
exec 9>hold
wait_until 20 test -s ports
read -r sink source greeter <ports

# A client comes while the guest boots; it says when it was served.
micro_base micro >&2
cleanup_fn remove_all
qemu "clone base=micro name=guest forward=8080 egress='localhost:$sink, localhost:$source, localhost:$greeter'" >&2
port=$(qemu_get QEMU_INGRESS_PORT 'ports vm=guest')
{ curl --silent --show-error --max-time 300 -o early.txt "http://127.0.0.1:$port/hello" && date +%s%6N >served; } &
client=$!
qemu 'wait name=guest for=agent' >&2
qemu "copy_to vm=guest local='$probe' remote=/bin/network-probe mode=755" >&2
qemu 'wait name=guest for=network' >&2
guest guest 'mkdir /www; echo hello >/www/hello'
begun=$(date +%s%6N)
guest guest 'httpd -p 8080 -h /www'
wait $client
early=$(($(cat served) - begun)) # with the time that it took to start the service

# The second card.
folder=$(sed -n 's/^folder: "*\([^"]*\)"*/\1/p' "$ADDRESS_QEMU_HOME/vms/guest/run.yaml")
python3 - "$folder/qmp.sock" >&2 <<'PYTHON'
import json, socket, sys
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(sys.argv[1])
lines = monitor.makefile('rw')
def ask(command, **arguments):
    lines.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
    lines.flush()
    while True:
        answer = json.loads(lines.readline())
        if 'error' in answer:
            sys.exit(str(answer))
        if 'return' in answer:
            return
lines.readline()
ask('qmp_capabilities')
ask('netdev_add', type='user', id='peer', net='10.9.0.0/24')
ask('device_add', driver='virtio-net-pci', id='peer0', netdev='peer', bus='hotplug1', romfile='')
PYTHON
wait_until 60 guest_is guest 'ip link show dev eth1'
guest guest 'ip link set eth1 up; ip addr add 10.9.0.15/24 dev eth1'

# What moves so many MiB, and what each of 200 connections takes: in microseconds, by the guest's clock.
ours_out() { guest guest "network-probe bulk send 10.0.2.2 $sink 64"; }
peer_out() { guest guest "network-probe bulk send 10.9.0.2 $sink 64"; }
ours_in() { guest guest "network-probe bulk take 10.0.2.2 $source 64"; }
peer_in() { guest guest "network-probe bulk take 10.9.0.2 $source 64"; }
ours_connect() { guest guest "network-probe connect 10.0.2.2 $greeter 200"; }
peer_connect() { guest guest "network-probe connect 10.9.0.2 $greeter 200"; }

read -r ours peer < <(compare 5 ours_out peer_out)
row '64 MiB guest to host, against built-in' "$ours" "$peer" faster 1.5
read -r ours peer < <(compare 9 ours_in peer_in)
row '64 MiB host to guest, against built-in' "$ours" "$peer" faster 0.9
read -r ours peer < <(compare 5 ours_connect peer_connect)
row 'a connection, against built-in' "$ours" "$peer" ratio 1.2
row 'served, after the service was started' "$early" '' max 500000
companion=$(sed -n 's/^companion: //p' "$ADDRESS_QEMU_HOME/vms/guest/run.yaml")
row_size 'the companion of a VM, after all that' \
    "$(($(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$companion/status") * 1024))" 10485760
