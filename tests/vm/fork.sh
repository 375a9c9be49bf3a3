#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests; what functions take is optional
# Children and templates of a VM that runs: what they have of it, what they have of their own, and that it goes on.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
requires ssh-keyscan

micro_base
cleanup_fn remove_all
qemu 'clone base=micro name=parent' >/dev/null
qemu 'wait parent' >/dev/null
guest parent 'echo memory >/tmp/kept; echo disk >/root/kept
    (sleep 100000 & echo $! >/tmp/sleeper) </dev/null >/dev/null 2>&1
    (while :; do echo "$(head -c 16 /dev/urandom | od -An -tx1 | tr -d " ")" >>/tmp/draws; usleep 2000; done) \
        </dev/null >/dev/null 2>&1 &
    echo $! >/tmp/drawer'

# What cannot be is refused before anything is touched.
checks <<'REXX'
call refused 'VM_NOT_FOUND', 'fork nobody'
call refused 'VM_EXISTS', 'fork parent name=parent'
call refused 'VALUE_INVALID', 'fork parent count=2 name='copies('x', 63)
call refused 'MEMORY_SHORT', 'fork parent count=1000'
call has qemu_error, 'room for', 'how many there is room for'
call refused 'VALUE_INVALID', 'create_template vm=parent base=micro'
call refused 'VALUE_INVALID', 'create_template vm=parent memory=256M'
call ok 'clone base=micro name=asleep no_start'
call refused 'VM_NOT_RUNNING', 'fork asleep'
call ok 'remove asleep'
call ok 'clone base=micro name=apart network=lab no_start'
call refused 'NOT_SUPPORTED', 'fork apart'
call refused 'NOT_SUPPORTED', 'create_template vm=apart'
call ok 'remove apart'
call ok 'pause parent'
call refused 'VM_PAUSED', 'fork parent'
call ok 'resume parent'
REXX
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/templates" -mindepth 1)" 'a fork that was refused'

# Two children of it, and a child of a child.
checks <<'REXX'
call ok 'fork parent count=2 name=child'
call equal 'child-1 parent 2 closed', qemu_vm qemu_parent qemu_count qemu_window, 'a fork'
call equal 'child-2', qemu_vms.2.name, 'the second'
call equal 1, datatype(qemu_vms.2.ssh_port, 'W'), 'its port'
call ok 'inspect child-1'
call equal 'layer', qemu_chain.2.role, 'what its disk stands on'
call ok 'fork child-1 name=grandchild'
call equal 'grandchild', qemu_vm, 'a child of a child'
REXX
all=(parent child-1 child-2 grandchild)
for name in "${all[@]}"; do
    before=$(date +%s%N)
    guest "$name" 'cat /tmp/kept /root/kept; [ -d /proc/$(cat /tmp/sleeper) ] && echo sleeps
        hostname; cat /etc/machine-id; cat /proc/sys/kernel/random/uuid
        date -u +%Y%m%d; /usr/local/bin/rexx -e "say time(\"L\")"; cat /tmp/draws' >"$name.out"
    after=$(date +%s%N)
    mapfile -t lines <"$name.out"
    assert_equals "memory disk sleeps $name" "${lines[*]:0:4}" "what $name has"
    printf '%s\n' "${lines[4]}" >>machine-ids
    printf '%s\n' "${lines[5]}" >>uuids
    now=$(date -u -d "${lines[6]} ${lines[7]}" +%s%N)
    if [ "$now" -lt $((before - 500000000)) ] || [ "$now" -gt $((after + 500000000)) ]; then
        fail "the clock of $name says $now, between $before and $after"
    fi
    printf '%s\n' "${lines[@]:8}" >"$name.draws"
    wait_until 60 eval "ssh-keyscan -T 10 -p $(qemu_get QEMU_SSH_PORT "status $name") 127.0.0.1 2>/dev/null |
        cut -d' ' -f2- >$name.key && [ -s $name.key ]"
    cat "$name.key" >>keys
done
for kind in machine-ids uuids keys; do
    assert_equals 4 "$(sort -u "$kind" | wc -l)" "different $kind"
done

# What one has drawn before it was forked its children have as well, and nothing after that.
[ "$(comm -12 <(sort parent.draws) <(sort child-2.draws) | wc -l)" -gt 0 ] || fail 'nothing was drawn before the fork'
for pair in 'parent child-1' 'parent child-2' 'child-1 child-2' 'child-1 grandchild' 'parent grandchild'; do
    read -r one other <<<"$pair"
    same=$({ cmp "$one.draws" "$other.draws" || true; } 2>&1 | sed -n 's/.* line \([0-9]*\)$/\1/p')
    [ -n "$same" ] || fail "$pair: they have drawn the same"
    assert_equals '' "$(comm -12 <(tail -n +"$same" "$one.draws" | sort) <(tail -n +"$same" "$other.draws" | sort))" \
        "drawn in $pair"
done

# Writes of one, in memory and on disk, that no other sees.
guest child-1 'echo one >/tmp/own; echo one >/root/own; sync'
for name in parent child-2 grandchild; do
    assert_code 1 guest_is "$name" '[ -e /tmp/own ] || [ -e /root/own ]'
done
qemu 'remove grandchild force=true' >/dev/null
qemu 'remove child-1 force=true' >/dev/null

# Whoever is killed in the middle leaves the VM at work, and nothing half-made.
for ms in 300 700 1200 2000; do
    interruptible timeout -s KILL "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))" \
        rexx -e 'address qemu "fork parent name=killed"' >/dev/null 2>&1 &
    wait $! 2>/dev/null || true
    wait_until 60 guest_is parent '[ "$(cat /tmp/kept)" = memory ]'
    if qemu_get QEMU_COUNT list >/dev/null && qemu_get QEMU_STATUS 'status killed' | grep -q running; then
        qemu 'remove killed force=true' >/dev/null
    fi
done
interruptible rexx -e 'address qemu "fork parent name=ended"; exit rc' >/dev/null 2>&1 &
sleep 0.5
kill -INT $!
assert_code 130 wait $!
guest_is parent true || fail 'the parent of a fork that was interrupted'
qemu_get QEMU_COUNT list_templates >/dev/null
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/templates" -mindepth 1)" 'a fork that was killed'

# A VM with a snapshot keeps its disk, and what is on it is copied. A template of a VM: secrets are not taken by mistake.
cat >hello.rexx <<'SCRIPT'
/* rexxjs-vm-base: micro */
SAY 'hello'
SCRIPT
checks <<'REXX'
call ok 'snapshot parent snapshot_name=before'
call ok 'fork parent name=copied'
call ok 'execute vm=copied command="cat /root/kept /tmp/kept"'
call has qemu_stdout, 'disk', 'of a disk that was copied'
call ok 'list_snapshots parent'
call equal 1, qemu_count, 'its snapshot is still there'
call ok 'remove copied force=true'
call ok 'create_template vm=parent name=taken warm="echo warm >/tmp/warm" settle_timeout=1s'
call equal 'taken closed', qemu_template qemu_window, 'a template of a VM'
call ok 'clone template=taken name=copy'
call ok 'execute vm=copy command="cat /tmp/kept /root/kept /tmp/warm"'
call has qemu_stdout, 'warm', 'what was run in it'
call ok 'clone base=micro name=cold no_start'
call equal 'cold', qemu_clone_mode, 'a template of a VM is for those who ask for it'
call ok 'clone vm=copy name=disk_of_copy no_start'
call ok 'remove copy force=true'
call ok 'remove disk_of_copy'
call ok 'remove cold'
call ok 'remove_template taken'
call ok 'execute_rexx vm=child-2 script_file=hello.rexx'
call refused 'TEMPLATE_SECRETS', 'create_template vm=child-2 name=taken'
call ok 'create_template vm=child-2 name=taken allow_provisioned=true settle_timeout=1s'
call ok 'inspect_template taken'
call equal 1, qemu_provisioned, 'it says so'
call ok 'clone template=taken name=copy'
call refused 'TEMPLATE_SECRETS', 'create_template vm=copy name=again'
call ok 'remove copy force=true'
call ok 'remove_template taken'
REXX

# A guest that nobody speaks to is at rest: no agent waits to be heard.
cpu() { awk '{ print $14 + $15 }' "/proc/$(qemu_get QEMU_PID "status child-2")/stat"; }
guest child-2 'kill $(cat /tmp/drawer)'
sleep 1
begin=$(cpu)
sleep 3
[ $(($(cpu) - begin)) -lt 150 ] || fail "an idle child has used $(($(cpu) - begin)) ticks of 300"
remove_all
assert_no_vms
