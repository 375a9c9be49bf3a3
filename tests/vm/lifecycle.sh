#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# A VM's life: started, spoken to, stopped, started again, ended from inside and by force; clones that differ in all that
# has to differ, over a base that stays as it is.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
base_disk=$(qemu_get QEMU_DISK 'inspect_base name=micro')
base_digest=$(sha256sum <"$base_disk")
cleanup_fn remove_all

checks <<'REXX'
call ok 'clone base=micro name=one disk=2G'
call equal 'one one running micro', qemu_vm qemu_name qemu_status qemu_based_on, 'a clone'
call equal 1, datatype(qemu_pid, 'W') & datatype(qemu_ssh_port, 'W'), 'process and port'
call has 'kvm tcg', qemu_accel, 'accelerator'
pid = qemu_pid
call refused 'VM_RUNNING', 'start name=one'
call has qemu_error, pid, 'the error names the process'
call refused 'VM_RUNNING', 'remove name=one'
call refused 'VM_EXISTS', 'clone base=micro name=one'
call refused 'BASE_IN_USE', 'remove_base name=micro'
call ok 'clone base=micro name=two'
call ok 'wait name=one for=agent'
call has 'helper agent', qemu_method, 'what answered'
call ok 'wait name=two for=agent'
call ok 'wait name=one for=ssh'

call ok 'status name=one'
call equal 'running' pid, qemu_status qemu_pid, 'status'
call equal 1, qemu_uptime > 0, 'uptime' qemu_uptime
call ok 'inspect name=one'
call equal 2147483648 'ready' 'user' 2, qemu_disk_size qemu_base_status qemu_network qemu_chain.0, 'inspect'
call equal 'disk', left(filespec('name', qemu_chain.1.path), 4), 'its own disk first'
call equal 1, qemu_disk_allocated < 64 * 1024 ** 2, 'what it takes' qemu_disk_allocated
call ok 'list'
call equal 2 2 'one running two running', qemu_count qemu_running,
    qemu_vms.1.name qemu_vms.1.status qemu_vms.2.name qemu_vms.2.status, 'list'
call ok 'logs name=one lines=5'
call equal 1, qemu_lines.0 <= 5, 'lines' qemu_lines.0
call refused 'VM_NOT_FOUND', 'logs name=nobody'
call refused 'TIMEOUT', 'wait name=one for=stopped timeout=500ms'
REXX

# The SSH port leads to the guest's server.
port=$(qemu_get QEMU_SSH_PORT 'status name=one')
exec {ssh}<>"/dev/tcp/127.0.0.1/$port"
read -r -t 60 banner <&$ssh
exec {ssh}>&-
assert_contains "$banner" SSH-2.0-dropbear

# The root file system has grown with the disk: of 2 GiB more than 1.5 can be used.
wait_until 60 guest_is one '[ "$(df -k / | awk "END {print \$2}")" -gt 1572864 ]'
wait_until 60 guest_is two '[ -s /etc/dropbear/dropbear_ed25519_host_key ] && [ -s /etc/machine-id ]'
for what in 'cat /etc/machine-id' 'sha256sum </etc/dropbear/dropbear_ed25519_host_key' 'cat /sys/class/net/eth0/address'; do
    first=$(guest one "$what")
    second=$(guest two "$what")
    if [ -z "$first" ] || [ "$first" = "$second" ]; then
        fail "both have the same: $what: $first"
    fi
done
wait_until 60 guest_is two '[ "$(hostname)" = two ]'
assert_equals one "$(guest one hostname)"
machine_id=$(guest one 'cat /etc/machine-id')
assert_equals "$(qemu_get QEMU_MAC 'inspect name=one')" "$(guest one 'cat /sys/class/net/eth0/address')"

# A clean stop keeps what the guest has written; another one too, and its identity.
guest one 'echo written >/root/file'
checks <<'REXX'
call ok 'stop name=one'
call equal 'stopped 0', qemu_status qemu_forced, 'a clean stop'
call refused 'VM_NOT_RUNNING', 'stop name=one'
call refused 'VM_NOT_RUNNING', 'wait name=one for=agent'
call ok 'wait name=one for=stopped timeout=1'
call ok 'status name=one'
call equal 'stopped', qemu_status, 'status'
call ok 'logs name=one'
call has qemu_output, 'reboot: Power down', 'the console is kept'
call ok 'start name=one'
call equal 'running', qemu_status, 'started again'
REXX
assert_equals written "$(guest one 'cat /root/file')"
assert_equals "$machine_id" "$(guest one 'cat /etc/machine-id')"

# The guest powers itself off; the same from another script's point of view.
rexx -e 'address qemu "wait name=one for=stopped timeout=120"; say rc qemu_status' >wait.out &
waiting=$!
guest one 'sleep 1; poweroff' || true
wait $waiting
assert_equals '0 stopped' "$(cat wait.out)"

# QEMU is killed: the VM is stopped, and starts.
kill -KILL "$(qemu_get QEMU_PID 'status name=two')"
wait_until 20 eval '[ "$(qemu_get QEMU_STATUS "status name=two")" = stopped ]'
qemu 'start name=two'
assert_equals alive "$(guest two 'echo alive')"
qemu-img check -q -U "$(qemu_get QEMU_DISK 'inspect name=two')"

# The plug is pulled; and a guest that minds neither what listens in it nor its power button is ended when its time is over.
guest two '(sleep 1; kill -STOP $(pidof acpid qemu-ga rexx-guest)) >/dev/null 2>&1 </dev/null &'
sleep 2
checks <<'REXX'
call ok 'stop name=two timeout=5'
call equal 'stopped 1', qemu_status qemu_forced, 'stopped by force'
call ok 'start name=one'
call ok 'stop name=one force=true'
call equal 'stopped 1', qemu_status qemu_forced, 'the plug is pulled'
call ok 'start name=one'
call ok 'remove name=one force=true'
call ok 'remove name=two'
call refused 'VM_NOT_FOUND', 'status name=one'
REXX
assert_no_vms
assert_equals '' "$(find "$XDG_RUNTIME_DIR" -name run.yaml)"
assert_equals "$base_digest" "$(sha256sum <"$base_disk")" 'the base after all this'
