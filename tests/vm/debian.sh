#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# Scripts in Debian guests: one that has our helper, and one that has nothing of ours, into which it is brought through the
# QEMU guest agent.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
requires mmdebstrap mcopy syslinux

micro_base # whose packages are in the cache then
debian_base debian
debian_plain_base plain
cleanup_fn remove_all
# What the guest agent of a Debian needs that a minimal one has not: for a guest that reaches no archive.
packages=$(find "$BUILD_DIR/tests/bases/store/cache" -name '*.deb' |
    grep -E '/(qemu-guest-agent|libglib2.0-0|libnuma1|liburing2|libffi8|libpcre2-8-0|libmount1)_' | sed "s/.*/package_file='&'/" | paste -sd ' ')

cat >script.rexx <<'REXX'
/* rexxjs-vm-memory: 512M */
/* rexxjs-vm-cpus: 2 */
/* rexxjs-vm-disk: 12G */
parse arg who
address system 'cat /etc/os-release' with output stem release.
say who release.1
call lineout '<stderr>', 'on stderr'
address system 'df --output=size -BG / | tail -n 1' with output stem size.
say strip(size.1)
'exit 3'
exit 40 + rc
REXX
wait=ready_timeout=600
checks "$wait" <<'REXX'
parse arg wait
/* With the helper: nothing has to be brought in but the script. */
call refused 'GUEST_COMMAND_FAILED', 'provision script=script.rexx base=debian name=one args=one stream=no on_error=keep' wait
call equal 43 'helper', qemu_exit_code qemu_method, 'exit code, method'
call equal 'one PRETTY_NAME="Debian', word(qemu_stdout_lines.1, 1) word(qemu_stdout_lines.1, 2), 'output'
call equal 'on stderr', qemu_stderr_lines.1, 'stderr'
call ok 'wait name=one for=ssh timeout=600'
call ok 'execute vm=one command="df --output=size -BG / | tail -n 1 | tr -dc 0-9"' wait
call equal 1, qemu_stdout > 10, 'the root file system has grown to' qemu_stdout 'GiB'
call ok 'execute vm=one method=agent command="id -u"' wait
call equal 'agent 0', qemu_method strip(qemu_stdout, , '0a'x), 'through the agent'
call ok 'execute vm=one method=ssh command="id -u; head -c 3000000 /dev/zero" max_output=4M'
call equal 'ssh' 3000002 '30'x, qemu_method length(qemu_stdout) left(qemu_stdout, 1), 'through OpenSSH'
call refused 'COMMAND_TIMEOUT', 'execute vm=one method=ssh timeout=3s command="setsid sleep 4567 & sleep 4568"'
call refused 'GUEST_COMMAND_FAILED', 'execute vm=one command="pgrep -f [s]leep.456"'
call ok 'ssh_config name=one file=one.ssh'
REXX

# A script through OpenSSH ends with its connection, and with it what it has started.
assert_equals 'said one two' "$(echo 'parse arg what; say "said" what' | ssh -F one.ssh one rexx --stdin one two)"
interruptible ssh -F one.ssh one rexx --stdin <<<"say 'here'; 'sleep 7654 & sleep 7655'; say 'not here'" >out 2>&1 &
pid=$!
wait_until 60 guest_is one 'pgrep -f "sleep 765[5]"'
kill -INT $pid
wait $pid || true
assert_equals here "$(cat out)"
wait_until 30 guest_is one '! pgrep -f "sleep 765[45]|rexx --stdi[n]"'

checks "$wait" "$packages" <<'REXX'
parse arg wait packages
call ok 'stop name=one timeout=300'
call equal 0, qemu_forced, 'a clean stop'
call ok 'remove name=one'

/* Without: through the agent, and the helper with it. */
call refused 'GUEST_COMMAND_FAILED', 'provision script=script.rexx base=plain name=two args=two stream=no on_error=keep' wait
call equal 43, qemu_exit_code, 'exit code'
call equal 'two', word(qemu_stdout_lines.1, 1), 'output'
call equal 'helper', qemu_method, 'brought in and used'
first = stage('runner')
call refused 'GUEST_COMMAND_FAILED', 'provision script=script.rexx base=plain name=two args=again stream=no' wait
call equal 'again' 43 'helper', word(qemu_stdout_lines.1, 1) qemu_exit_code qemu_method, 'second time'
call equal 1, stage('runner') < first, 'the runner is there now:' stage('runner') 'ms after' first
call ok 'execute vm=two method=helper command="command -v rexx"'
call refused 'GUEST_COMMAND_FAILED', 'provision script=script.rexx base=plain name=two args=third stream=no method=ssh' wait
call equal 'third' 43 'ssh', word(qemu_stdout_lines.1, 1) qemu_exit_code qemu_method, 'through SSH'

/* The agent goes, and comes back through SSH. */
call ok 'execute vm=two method=ssh command="systemctl stop qemu-guest-agent; dpkg --purge qemu-guest-agent" timeout=5m'
call refused 'AGENT_MISSING', 'execute vm=two method=agent command=true ready_timeout=5s'
call ok 'install_guest_agent name=two method=ssh' packages
call equal 'ssh 0 apt 1', qemu_method qemu_skipped qemu_package_manager qemu_exec_allowed, 'installed'
call has qemu_distribution, 'Debian', 'distribution'
call has qemu_steps.1.command, 'dpkg -i', 'what was done'
call equal 0, qemu_steps.1.exit_code, 'with success'
call ok 'execute vm=two method=agent command="id -u"'
call equal 'agent', qemu_method, 'the agent is back'
call ok 'install_guest_agent name=two'
call equal 1, qemu_skipped, 'nothing to do'
call ok 'stop name=two timeout=300'
call equal 0, qemu_forced, 'a clean stop'

/* Still there after a restart. */
call refused 'GUEST_COMMAND_FAILED', 'provision script=script.rexx base=plain name=two args=fourth stream=no' wait
call equal 'fourth' 43 'stopped', word(qemu_stdout_lines.1, 1) qemu_exit_code qemu_status, 'after a restart'
call ok 'remove name=two'
exit 0

stage:
  parse arg aq_stage
  do aq_i = 1 to qemu_stages.0
    if qemu_stages.aq_i.name = aq_stage then return qemu_stages.aq_i.ms
  end
  return ''
REXX
assert_no_vms
