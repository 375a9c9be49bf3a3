#!/bin/bash
# shellcheck disable=SC2119 # what functions take is optional
# Sixteen VMs that are started at once: each has a port of its own, and each of a private network an address of its own
# there. They have no guest, only a BIOS.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

qemu-img create -q -f qcow2 empty.qcow2 64M
qemu "register_base name=empty disk='$PWD/empty.qcow2' copy=false memory=16M cpus=1" >/dev/null
cleanup_fn remove_all
pids=()
for i in {1..16}; do
    qemu "clone base=empty name=vm$i network=many forward='8080,53/udp'" >/dev/null &
    pids+=($!)
done
for pid in "${pids[@]}"; do
    wait "$pid"
done
checks <<'REXX'
call ok 'ports'
call equal 48, qemu_count, 'ports' /* with that of SSH */
used. = 0
do i = 1 to qemu_ports.0
    aq_port = qemu_ports.i.protocol qemu_ports.i.host
    call equal 0, used.aq_port, 'another VM has' aq_port
    used.aq_port = 1
    call equal '127.0.0.1', qemu_ports.i.address, 'address'
end
taken. = 0
do vm = 1 to 16
    call ok 'inspect vm'vm
    call equal 'running running', qemu_status qemu_companion, 'vm'vm
    call equal 0, taken.qemu_address, 'another VM has' qemu_address
    taken.qemu_address = 1
end
call ok 'forward vm=vm1 guest=9090'
aq_port = 'tcp' qemu_port
call equal 0, used.aq_port, 'a new one'
REXX
# What they are is small, and gone with them.
for i in {1..16}; do
    companion=$(sed -n 's/^companion: //p' "$ADDRESS_QEMU_HOME/vms/vm$i/run.yaml")
    [ "$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$companion/status")" -lt 10240 ] ||
        fail "vm$i's companion has more than 10 MiB"
done
remove_all
assert_no_vms
