#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for eval; what functions take is optional
# Health checks in a real guest: good ones, failing ones, one that hangs, a restart that helps, a monitor that is killed.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
cleanup_fn remove_all
cleanup_fn qemu stop_monitoring
qemu 'clone base=micro name=a'
qemu 'clone base=micro name=off no_start'
qemu 'wait a'

# health COLUMN [VM]: what health_status says of it.
health() {
    qemu_get "QEMU_CHECKS.1.$1" "health_status vm=${2-a}"
}
is() {
    [ "$(health "$1")" = "$2" ]
}

# The script ends, and the monitor goes on.
checks <<'REXX'
call ok 'configure_health_check vm=a interval=200 timeout=20000 retries=2 action=restart stop_timeout=20000',
        'command="cat /run/state 2>&1; test ! -e /run/broken"'
call ok 'configure_health_check vm=off action=restart interval=200'
call equal 0, qemu_monitoring, 'monitoring is off'
call ok 'start_monitoring'
call equal 2 1, qemu_count qemu_monitoring, 'what is monitored'
REXX
wait_until 60 is STATUS healthy
assert_equals "cat: can't open '/run/state': No such file or directory" "$(health OUTPUT)"
guest a 'echo fine >/run/state'
wait_until 60 is OUTPUT fine
assert_equals '1 0 0' "$(health PASSED) $(health EXIT_CODE) $(health FAILURES)"
assert_equals 'stopped ' "$(health STATUS off) $(health CHECKED off)" 'a VM that does not run'

# It works beside what else is done in the guest.
guest a 'sleep 1'

# It breaks, and the restart mends it: /run is empty then.
before=$(qemu_get QEMU_PID 'status a')
guest a 'echo broken >/run/state; touch /run/broken'
wait_until 120 is ACTION restart
wait_until 120 is STATUS healthy
assert_equals ok "$(health OUTCOME)"
[ "$before" != "$(qemu_get QEMU_PID 'status a')" ] || fail 'it was not restarted'
assert_equals 0 "$(health RESTARTS)" 'a good check forgets the restarts'
checks <<'REXX'
call ok 'health_status vm=a'
failures = 0
do i = 1 to qemu_history.0
    if qemu_history.i.passed = 0 & qemu_history.i.exit_code = 1 then failures = failures + 1
end
call equal 1, (failures >= 2), 'failures in the history:' failures
call ok 'security_audit lines=100'
restarts = 0
do i = 1 to qemu_entries.0
    if qemu_entries.i.verb = 'restart' then restarts = restarts + 1
end
call equal 1, restarts, 'restarts in the audit log'
REXX

# A check that hangs is ended in the guest too, and its VM is left alone as action=none says.
qemu 'configure_health_check vm=a command="sleep 3737" timeout=500 action=none'
wait_until 60 is STATUS unhealthy
assert_contains "$(health OUTPUT)" COMMAND_TIMEOUT
qemu 'configure_health_check vm=a command="" timeout=20000'
wait_until 60 is STATUS healthy
guest_lacks a 'sleep 373[7]'

# The monitor is killed in the middle of its work: nothing is lost, and it is brought back.
kill -KILL "$(qemu_get QEMU_PID health_status)"
wait_until 20 eval '[ -z "$(qemu_get QEMU_PID health_status | grep -v QEMU_PID)" ]'
assert_equals 1 "$(qemu_get QEMU_MONITORING health_status)"
assert_equals healthy "$(health STATUS)"
seen=$(health CHECKED)
qemu start_monitoring
wait_until 60 eval '[ "$(health CHECKED)" != "$seen" ]'

# QEMU is killed in the middle of a check: that says nothing of the guest, so nothing is done, and nothing of it is left.
qemu 'configure_health_check vm=a command="sleep 3838" timeout=60000 interval=200 retries=1 action=restart'
wait_until 60 guest_is a 'ps w | grep -q "[s]leep 3838"'
monitor=$(qemu_get QEMU_PID health_status)
kill -KILL "$(qemu_get QEMU_PID 'status a')"
wait_until 20 grep -q 'a: the VM has ended during a check' "$ADDRESS_QEMU_HOME/keepers/monitor/log"
wait_until 20 eval '[ -z "$(cat "/proc/$monitor/task/$monitor/children")" ]'
assert_equals "stopped $monitor" "$(health STATUS) $(qemu_get QEMU_PID health_status)"
assert_equals 1 "$(qemu_get QEMU_COUNT 'security_audit vm=a verb=restart lines=100')" 'restarts in all'
# When it runs again it is checked again.
qemu 'configure_health_check vm=a command="" timeout=20000'
qemu 'start a'
wait_until 120 is STATUS healthy

# Off: nothing is checked any more, what was said stays.
qemu stop_monitoring
seen=$(health CHECKED)
sleep 2
assert_equals "$seen" "$(health CHECKED)"
