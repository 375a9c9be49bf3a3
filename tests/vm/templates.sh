#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests; what functions take is optional
# Templates and their clones: what they share, and all in which they differ; and that whoever is killed leaves nothing.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
requires ssh-keyscan

micro_base shared
cp "$(qemu_get QEMU_DISK 'inspect_base name=shared')" base.qcow2
qemu "register_base name=micro disk='$PWD/base.qcow2' copy=false memory=128M cpus=1" >/dev/null
cleanup_fn remove_all

# A template whose guest believes to be in 2001, in which something draws random bytes all the time, and something was
# left running.
cat >warm.sh <<'GUEST'
date -s @1000000000 >/dev/null
echo warm >/tmp/warm
(sleep 100000 & echo $! >/tmp/sleeper) </dev/null >/dev/null 2>&1
(while :; do echo "$(head -c 16 /dev/urandom | od -An -tx1 | tr -d " ")" >>/tmp/draws; usleep 2000; done) \
    </dev/null >/dev/null 2>&1 &
GUEST
checks "$(cat warm.sh)" <<'REXX'
parse arg warm
call refused 'BASE_NOT_FOUND', 'create_template base=nobody'
call refused 'GUEST_COMMAND_FAILED', 'create_template base=micro name=drawing warm="exit 3"'
call ok 'create_template base=micro name=drawing settle_timeout=1s warm={{warm}}'
call equal 'drawing micro closed 0 ready', qemu_template qemu_based_on qemu_window qemu_settled qemu_status, 'a template'
call refused 'TEMPLATE_EXISTS', 'create_template base=micro name=drawing'
call ok 'list_templates'
call equal '1 drawing ready 0', qemu_count qemu_templates.1.name qemu_templates.1.status qemu_templates.1.clones, 'list'
call ok 'list'
call equal 0, qemu_count, 'no VM of it is in the store'
call refused 'BASE_IN_USE', 'remove_base name=micro'
call has qemu_error, 'template drawing', 'what stands on it'
call ok 'clone base=micro name=cold no_start'
call equal 'cold', qemu_clone_mode, 'what was run in it is for those who ask for it'
call ok 'remove cold'
REXX
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/templates" -name '.*')" 'a template that failed'
ram=$ADDRESS_QEMU_HOME/templates/drawing/ram
assert_equals 0 "$(stat -c '%a' "$ram" | grep -cvE '^[46]00$')" 'the mode of the RAM'

# Eight at once. None fails, and none draws what another has drawn, but for what was drawn before the freeze.
clones=(c1 c2 c3 c4 c5 c6 c7 c8)
declare -A starting
for name in "${clones[@]}"; do
    qemu_get QEMU_CLONE_MODE "clone template=drawing name=$name" >"$name.mode" &
    starting[$name]=$!
done
for name in "${clones[@]}"; do
    wait "${starting[$name]}"
    assert_equals template "$(cat "$name.mode")" "$name"
done
for name in "${clones[@]}"; do
    before=$(date +%s%N)
    guest "$name" 'cat /proc/uptime; cat /proc/sys/kernel/random/uuid; hostname; cat /etc/machine-id; cat /tmp/warm
        [ -d /proc/$(cat /tmp/sleeper) ] && echo sleeps
        date +%Y%m%d; /usr/local/bin/rexx -e "say time(\"L\")"; cat /tmp/draws' >"$name.out"
    after=$(date +%s%N)
    mapfile -t lines <"$name.out"
    echo "${lines[1]}" >>uuids
    assert_equals "$name" "${lines[2]}" 'host name'
    echo "${lines[3]}" >>machine-ids
    assert_equals 'warm sleeps' "${lines[4]} ${lines[5]}" 'what was left running'
    now=$(date -u -d "${lines[6]} ${lines[7]}" +%s%N)
    if [ "$now" -lt $((before - 500000000)) ] || [ "$now" -gt $((after + 500000000)) ]; then
        fail "the clock of $name says $now, between $before and $after"
    fi
    printf '%s\n' "${lines[@]:8}" >"$name.draws"
done
[ "$(sort -u uuids | wc -l)" -eq 8 ] || fail 'two clones have made the same UUID'
[ "$(sort -u machine-ids | wc -l)" -eq 8 ] || fail 'two clones have the same machine-id'
common=$(wc -l <c1.draws)
for name in "${clones[@]}"; do
    same=$({ cmp c1.draws "$name.draws" || true; } 2>&1 | sed -n 's/.* line \([0-9]*\)$/\1/p')
    [ -z "$same" ] || [ $((same - 1)) -ge "$common" ] || common=$((same - 1))
done
[ "$common" -gt 0 ] || fail 'nothing was drawn before the freeze'
for name in "${clones[@]}"; do
    [ "$(wc -l <"$name.draws")" -gt $((common + 3)) ] || fail "$name draws no more"
    tail -n +$((common + 1)) "$name.draws"
done >all.draws
assert_equals '' "$(sort all.draws | uniq -d)" 'drawn in two clones'

# SSH host keys that were made for each; writes of one, in memory and on its disk, that no other sees.
for name in c1 c2; do
    wait_until 60 eval "ssh-keyscan -T 10 -p $(qemu_get QEMU_SSH_PORT "status $name") 127.0.0.1 2>/dev/null |
        cut -d' ' -f2- >$name.key && [ -s $name.key ]"
done
! cmp -s c1.key c2.key || fail 'two clones show the same host key'
# They are pinned before anybody has spoken to them, so SSH needs nothing else.
for name in c1 c2; do
    assert_equals "$(cat $name.key)" "$(cut -d' ' -f2- "$ADDRESS_QEMU_HOME/vms/$name/known_hosts")" "what is pinned of $name"
    assert_equals "$name" "$(qemu_get QEMU_STDOUT "execute vm=$name method=ssh command=hostname")"
done
guest c1 'echo one >/root/file; echo one >/tmp/file; sync'
assert_code 1 guest_is c2 '[ -e /root/file ] || [ -e /tmp/file ]'
checks <<'REXX'
call refused 'TEMPLATE_IN_USE', 'remove_template drawing'
call has qemu_error, 'VM c1, VM c2', 'who stands on it'
call refused 'TEMPLATE_IN_USE', 'create_template base=micro name=drawing replace=true'
call ok 'inspect_template drawing'
call equal '8 c8 /etc/dropbear/dropbear_ed25519_host_key', qemu_clones qemu_vms.8.name qemu_keys.1.path, 'inspect'
call ok 'inspect c1'
call equal 'layer', qemu_chain.2.role, 'what its disk stands on'
call refused 'VM_EXISTS', 'clone template=drawing name=c1'
call refused 'VALUE_INVALID', 'clone template=drawing memory=256M'
call refused 'TEMPLATE_NOT_FOUND', 'clone template=drawin'
call has qemu_error, 'did you mean drawing', 'the nearest'
REXX

# A clone's network is its own: rules, ports, and what was tried.
qemu 'clone template=drawing name=limited egress=none forward=8080' >/dev/null
qemu 'wait name=limited for=network' >/dev/null
guest limited 'httpd -p 8080 -h /tmp'
exec 8<>"/dev/tcp/127.0.0.1/$(qemu_get QEMU_INGRESS_PORT 'ports vm=limited')"
printf 'GET /warm HTTP/1.0\r\n\r\n' >&8
assert_contains "$(cat <&8)" warm 'through its port'
exec 8>&-
assert_code 1 guest_is limited 'wget -O /dev/null http://198.51.100.1/'
assert_contains "$(qemu 'egress limited')" 'tcp to 198.51.100.1 port 80' 'what was tried'
qemu 'remove name=limited force=true' >/dev/null

# A clone that is killed is a VM like others: it boots, as what it was.
machine_id=$(sed -n 4p c2.out)
sleep 1
kill -KILL "$(qemu_get QEMU_PID 'status c2')"
wait_until 20 eval '[ "$(qemu_get QEMU_STATUS "status c2")" = stopped ]'
qemu 'start c2'
assert_equals "c2 $machine_id" "$(guest c2 'echo $(hostname) $(cat /etc/machine-id)')" 'after a cold start'
for name in "${clones[@]}"; do
    qemu "remove name=$name force=true" >/dev/null
done

# What is another than when it was made is named, and not tried. A base that was changed takes its templates with it.
record=$ADDRESS_QEMU_HOME/templates/drawing/template.yaml
cp "$record" record
stale() { # MEMBER VALUE WORDS
    sed "s|^$1: .*|$1: $2|" record >"$record"
    assert_equals TEMPLATE_STALE "$(qemu_get QEMU_ERROR_CODE 'clone template=drawing')" "$1"
    assert_contains "$(qemu_get QEMU_ERROR 'clone template=drawing')" "$3" "$1"
    assert_equals stale "$(qemu_get QEMU_TEMPLATES.1.STATUS list_templates)" "$1"
}
stale machine pc-q35-6.0 'machine type pc-q35-6.0'
stale qemu '"6.1.0 (Debian)"' 'QEMU 6.1.0 (Debian)'
stale cpu max 'CPU max'
stale shape '"0123456789abcdef"' 'devices'
stale accel "$([ "$(qemu_get QEMU_ACCEL verify_host)" = kvm ] && echo tcg || echo kvm)" accelerator
cp record "$record"
touch -d '1 minute ago' "$ram"
assert_equals TEMPLATE_CHANGED "$(qemu_get QEMU_ERROR_CODE 'clone template=drawing')"
qemu 'remove_template drawing'

# A plain template is taken by `clone base=` and `provision` by themselves where it fits.
cat >hello.rexx <<'SCRIPT'
/* rexxjs-vm-base: micro */
/* rexxjs-vm-ingress-port: 8080 */
ADDRESS SYSTEM 'hostname' WITH OUTPUT STEM name.
SAY 'hello from' name.1
SCRIPT
checks <<'REXX'
call ok 'create_template base=micro'
call equal 'micro 1 closed', qemu_template qemu_settled qemu_window, 'named after its base'
call ok 'clone base=micro name=a'
call equal 'template micro', qemu_clone_mode qemu_template, 'taken by itself'
call ok 'clone base=micro name=b memory=160M no_start'
call equal 'cold', qemu_clone_mode, 'not when it is not to run'
call ok 'remove b'
call ok 'clone base=micro name=b memory=160M'
call equal 'cold', qemu_clone_mode, 'not of another size'
call has qemu_clone_reason, 'has 128 MiB of memory, not 160', 'why'
call ok 'remove b force=true'
call ok 'clone base=micro name=b network=none'
call equal 'cold', qemu_clone_mode, 'not with another network'
call ok 'remove b force=true'
call ok 'clone base=micro name=b template=no'
call equal 'cold template=no', qemu_clone_mode qemu_clone_reason, 'not when it is forbidden'
call ok 'remove b force=true'
call ok 'provision script=hello.rexx name=p keep_running=true'
call equal 'template', qemu_clone_mode, 'provision takes it, too'
call has qemu_stdout, 'hello from p', 'the script'
call equal 1, datatype(qemu_ingress_port, 'W'), 'its port is forwarded'
call ok 'snapshot p snapshot_name=now'
call ok 'save_state p'
call ok 'restore_state p'
call ok 'execute vm=p command="hostname"'
call has qemu_stdout, 'p', 'a state of a clone is saved and gone on from'
call ok 'stop p'
call ok 'start p'
call ok 'execute vm=p command="hostname"'
call ok 'remove p force=true'
REXX

# A guest that cannot be frozen: its one hierarchy of control groups cannot be written to.
checks <<'REXX'
call ok 'create_template base=micro name=open settle_timeout=1s' ,
    'warm="mkdir /tmp/groups; mount -t cgroup2 -o ro none /tmp/groups"'
call equal 'open', qemu_window, 'its window'
call has qemu_window_reason, 'control group', 'why'
call ok 'clone template=open name=o'
call equal 'template', qemu_clone_mode, 'it can be cloned all the same'
call ok 'execute vm=o command="hostname; cat /etc/machine-id"'
call has qemu_stdout, 'o' || '0a'x, 'its name'
call ok 'remove o force=true'
call ok 'remove_template open'
REXX

# Ten in a row, each gone before the next.
for i in 1 2 3 4 5 6 7 8 9 10; do
    assert_equals template "$(qemu_get QEMU_CLONE_MODE "clone base=micro name=row")" "the clone number $i"
    qemu 'remove row force=true' >/dev/null
done

# Killed in the middle, or told to end: the next listing clears away what is left, with the QEMU in it.
for ms in 020 040 060 080 100 130 160 200; do
    interruptible timeout -s KILL "0.$ms" rexx -e 'address qemu "clone base=micro name=killed"' >/dev/null 2>&1 &
    wait $! 2>/dev/null || true
    qemu_get QEMU_COUNT list >/dev/null
    if qemu_get QEMU_STATUS 'status killed' | grep -q running; then
        qemu 'remove killed force=true' >/dev/null
    fi
done
rexx -e 'address qemu "create_template base=micro name=killed"' >/dev/null 2>&1 &
wait_until 60 eval 'pgrep -f "guest=killed,process=qemu:killed" >/dev/null'
kill -KILL $!
wait $! 2>/dev/null || true
assert_equals 1 "$(qemu_get QEMU_COUNT list_templates)"
interruptible rexx -e 'address qemu "create_template base=micro name=ended"; exit rc' >/dev/null 2>&1 &
wait_until 60 eval 'pgrep -f "guest=ended,process=qemu:ended" >/dev/null'
kill -INT $!
assert_code 130 wait $!
qemu 'remove a force=true'

touch -d '1 minute ago' base.qcow2
assert_equals BASE_CHANGED "$(qemu_get QEMU_ERROR_CODE 'clone base=micro')"
assert_equals BASE_CHANGED "$(qemu_get QEMU_ERROR_CODE 'clone template=micro')"
qemu 'remove_template micro'
assert_no_vms
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/templates" "$ADDRESS_QEMU_HOME/layers" -mindepth 1)" 'left behind'
