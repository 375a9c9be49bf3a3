#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# Folders into a guest and out of it, through our helper and through the guest agent.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
cleanup_fn remove_all
qemu 'clone base=micro name=a'
qemu 'clone base=micro name=off no_start'

mkdir -p in/sub/empty in/.hidden
for i in {1..1000}; do echo "$i" >"in/sub/$i"; done
head -c 3000000 /dev/urandom >in/large
printf 'x' >'in/a name with "all" kinds'
echo h >in/.hidden/file
chmod 640 in/large
chmod 711 in/sub
ln -s sub/7 in/link
ln -s /etc/passwd in/outside
mkfifo in/fifo

cat >methods.rexx <<'REXX'
parse arg method count
a = 'vm=a recursive=true method='method
call ok 'execute vm=a command="rm -rf /srv/*; mkdir -p /srv"'
call time 'R'
call ok 'copy_to' a 'local=in remote=/srv/in'
call lineout '<stderr>', method':' count + 3 'files in, in' time('E') 's'
call equal method '/srv/in' count + 3 4 2, qemu_method qemu_target qemu_files qemu_folders qemu_links, 'fields'
call equal 1 'fifo', qemu_skipped.0 qemu_skipped.1.path, 'what was left out'
c = 'cd /srv/in; ls -A sub | wc -l; cat sub/7 .hidden/file; readlink link; readlink outside;' ,
    'stat -c %a large sub; stat -c %u:%g sub/7; ls -A /srv; sha256sum large | cut -c1-64'
call ok 'execute vm=a command={{c}}'
call equal count + 1 '7 h sub/7 /etc/passwd 640 711 0:0 in' on_host('sha256sum <in/large | cut -c1-64'),,
  space(translate(qemu_stdout, ' ', '0a'x)), 'in the guest'

/* Joined with what is there, and with another owner. */
call ok 'copy_to' a 'local=more remote=/srv/in owner=nobody:tty'
c = 'cd /srv/in; cat sub/7 sub/new large; stat -c %u:%g sub/new sub/8; ls -A /srv /srv/in/sub | grep -c "[.]aq"'
call refused 'GUEST_COMMAND_FAILED', 'execute vm=a command={{c}}'
call equal 'seven new replaced 65534:5 0:0 0', space(translate(qemu_stdout, ' ', '0a'x)), 'joined'
call ok 'copy_to' a 'local=more/ remote=/srv/'
call equal '/srv/more', qemu_target, 'into a folder'
call ok 'copy_to' a 'local=more remote=/srv/new/deep/more make_folders'
call refused 'GUEST_FILE_NOT_FOUND', 'copy_to' a 'local=more remote=/srv/not/there'
call refused 'GUEST_REFUSED', 'copy_to' a 'local=more remote=/srv/in/large'

/* Out again. */
call time 'R'
call ok 'copy_from' a 'remote=/srv/in local=out.'method
call lineout '<stderr>', method':' qemu_files 'files out, in' time('E') 's'
call equal method 'out.'method count + 4 1, qemu_method qemu_target qemu_files qemu_links, 'fields'
call equal 1 'outside', qemu_skipped.0 qemu_skipped.1.path, 'a link that leads out'
call equal 'seven sub/7 640 711', on_host('cd out.'method '&& cat sub/7 && readlink link && stat -c %a large sub'),,
  'on the host'
call ok 'copy_from' a 'remote=/srv/in/sub local=out.'method'/ links=all'
call equal 'out.'method'/sub', qemu_target, 'into a folder, joined'
call refused 'LIMIT_EXCEEDED', 'copy_from' a 'remote=/srv/in local=small max_size=0.1k'
call refused 'GUEST_FILE_NOT_FOUND', 'copy_from' a 'remote=/srv/nothing local=small'
call refused 'GUEST_REFUSED', 'copy_from' a 'remote=/srv/in/large local=small'
call equal '', on_host('ls -A | grep -E "^small|^.address-qemu" || true'), 'left of what was refused'

/* A full disk in the guest. */
call ok 'execute vm=a command="mkdir -p /srv/full; mount -t tmpfs -o size=1m full /srv/full"'
call refused 'GUEST_REFUSED', 'copy_to' a 'local=in remote=/srv/full/in'
call has qemu_error, 'space', 'why'
call ok 'execute vm=a command="ls -A /srv/full | wc -l; umount /srv/full; ls -Ad /run/.aq* 2>/dev/null | wc -l"'
call equal '0 0', qemu_stdout_lines.1 qemu_stdout_lines.2, 'nothing half-made'
exit 0

on_host:
  parse arg aq_line
  address system aq_line with output stem aq_out.
  aq_all = ''
  do aq_i = 1 to aq_out.0; aq_all = aq_all aq_out.aq_i; end
  return strip(aq_all)
REXX
mkdir -p more/sub
echo seven >more/sub/7
echo new >more/sub/new
echo replaced >more/large
chmod 640 more/large
chmod 711 more/sub
checks helper 1000 <methods.rexx
rm in/sub/{101..1000}
checks agent 100 <methods.rexx

checks <<'REXX'
call refused 'FILE_KIND', 'copy_to vm=a local=in remote=/srv/x'
call has qemu_error, 'recursive=true', 'what to do'
call refused 'VALUE_INVALID', 'copy_to vm=a local=in remote=/srv/x recursive mode=600'
call refused 'FILE_NOT_FOUND', 'copy_to vm=a local=no-such remote=/srv/x recursive'
call refused 'VM_NOT_RUNNING', 'copy_to vm=off local=in remote=/srv/x recursive'
call refused 'FILE_KIND', 'copy_from vm=a remote=/srv local=in/large recursive'
call refused 'FILE_NOT_FOUND', 'copy_from vm=a remote=/srv local=no/such/place recursive'
call refused 'VALUE_INVALID', 'copy_from vm=a remote=/srv local=x recursive mode=600'
REXX

# No space on the host, which root can make. Nothing half-made is left.
if [ "$(id -u)" = 0 ] && mkdir full && mount -t tmpfs -o size=1m full full 2>/dev/null; then
    cleanup_fn umount full
    guest a 'head -c 2000000 /dev/zero >/srv/more/big'
    checks <<'REXX'
call refused 'NO_SPACE', 'copy_from vm=a remote=/srv/more local=full/more recursive'
REXX
    assert_equals '' "$(ls -A full)" 'left on a full disk'
fi

# The process dies in the middle: what it had begun is not under the final name. Then QEMU does.
head -c 300000000 /dev/zero >in/huge
rm in/fifo
interruptible rexx -e 'address qemu "copy_to vm=a local=in remote=/srv/killed recursive method=helper"' >killed.out 2>&1 &
pid=$!
wait_until 60 eval 'guest_is a "ls -d /srv/.aq-tree-*" || ! kill -0 $pid 2>/dev/null'
kill -KILL $pid 2>/dev/null || fail "it ended too early: $(cat killed.out)"
wait $pid 2>/dev/null || true
guest_is a '[ ! -e /srv/killed ]' || fail 'half a folder under its final name'
rexx -e 'address qemu "copy_to vm=a local=in remote=/srv/killed recursive method=helper"; say qemu_error_code qemu_error' >killed.out 2>/dev/null &
pid=$!
wait_until 60 eval 'guest_is a "[ \$(ls -d /srv/.aq-tree-* | wc -l) = 2 ]" || ! kill -0 $pid 2>/dev/null'
kill -0 $pid 2>/dev/null || fail "it ended too early: $(cat killed.out)"
kill -KILL "$(qemu_get QEMU_PID 'status name=a')"
wait $pid || true
assert_contains "$(cat killed.out)" 'VM_NOT_RUNNING '
