#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for eval; what functions take is optional
# The policy where VMs come to be without booting, and where a script's header asks for them.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

policy() {
    mkdir -p "$XDG_CONFIG_HOME/address-qemu"
    cat >"$XDG_CONFIG_HOME/address-qemu/policy.yaml"
}

micro_base
cleanup_fn remove_all
qemu 'create_template base=micro name=ready'

policy <<'YAML'
max_vms: 2
max_memory: 256M
YAML
checks <<'REXX'
call ok 'clone template=ready name=one'
call equal 'template', qemu_clone_mode, 'how it was made'
call refused 'POLICY_REFUSED', 'fork vm=one count=2'
call has qemu_error, 'with it there would be 3 VMs', 'counted before anything is done'
call ok 'clone base=micro name=off no_start'
call refused 'POLICY_REFUSED', 'clone template=ready name=three'
call has qemu_error, 'max_vms', 'the rule'
call ok 'remove off'
call ok 'execute vm=one command="echo fine"'
call ok 'clone template=ready name=two'
call ok 'remove two force=true'
REXX

policy <<'YAML'
# the running one has 128M
max_memory: 200M
networks: [user]
YAML
checks <<'REXX'
call refused 'POLICY_REFUSED', 'clone template=ready name=two'
call has qemu_error, 'policy.yaml:2', 'where the rule is'
call refused 'POLICY_REFUSED', 'clone base=micro name=two network=none no_start'
call ok 'list'
call equal 1, qemu_count, 'nothing half-made'
call ok 'stop one'
call ok 'clone template=ready name=two'
call refused 'POLICY_REFUSED', 'start one'
REXX

# One that waits in a pool is counted when it is taken, and waits on when it must not be.
cleanup_fn eval 'qemu "pool drain" >/dev/null'
echo 'max_vms: 2' | policy
qemu 'pool template=ready size=1'
wait_until 120 eval '[ "$(qemu_get QEMU_POOLS.1.READY "pool status")" = 1 ]'
checks <<'REXX'
call refused 'POLICY_REFUSED', 'clone template=ready name=three'
call has qemu_error, 'the policy allows 2', 'why'
call ok 'pool status'
call equal 1, qemu_pools.1.ready, 'it waits on'
call ok 'remove one'
call ok 'clone template=ready name=three'
call equal 'pool', qemu_clone_mode, 'how it was made'
call ok 'remove three force=true'
call ok 'pool drain'
call ok 'clone base=micro name=one no_start'
REXX
# It was making the next one.
wait_until 60 eval '[ "$(qemu_get QEMU_KEEPER_PID "pool status")" = QEMU_KEEPER_PID ]'

printf '/* rexxjs-vm-base: micro */\n/* rexxjs-vm-memory: 512M */\nsay "not reached"\n' >a.rexx
echo 'max_memory_per_vm: 256M' | policy
checks <<'REXX'
call refused 'POLICY_REFUSED', 'provision script=a.rexx'
call has qemu_error, 'would have 512M of memory, and the policy allows 256M', 'why'
call ok 'list'
call equal 2, qemu_count, 'no VM of it is left'
REXX
# Whatever was refused, no QEMU of it runs (the test's runner looks as well).
assert_equals 1 "$(qemu_get QEMU_RUNNING list)"
