#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests and for eval; what functions take is optional
# Files into a guest and out of it, through our helper, through the guest agent and through SSH: whole and checked, or not at all.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
qemu "clone base=micro name=a"
cleanup_fn qemu "remove name=a force=true"
qemu "clone base=micro name=off no_start"

head -c 20000003 /dev/urandom >large
digest=$(sha256sum <large | cut -d' ' -f1)
: >empty
odd="it's a \"file\" \$HOME"
printf 'odd\n' >"$odd"
printf 'small\n' >small
chmod 640 small
mkdir folder
mkfifo fifo

cat >methods.rexx <<'REXX'
parse arg method digest
a = 'vm=a method='method

/* In and out: the same bytes, and what it says of them. */
call ok 'copy_to' a 'local=large remote=/root/large'
call equal method 20000003 '/root/large', qemu_method qemu_bytes qemu_target, 'fields'
call equal digest, in_guest('sha256sum </root/large | cut -c1-64'), 'digest in the guest'
call ok 'copy_from' a 'remote=/root/large local=back'
call equal method 20000003 'back', qemu_method qemu_bytes qemu_target, 'fields'
call equal digest, on_host('sha256sum <back | cut -c1-64'), 'digest on the host'
call ok 'copy_to' a 'local=empty remote=/root/empty'
call equal 0, in_guest('wc -c </root/empty'), 'an empty file'
call ok 'copy_from' a 'remote=/root/empty local=back'
call equal 0, on_host('stat -c %s back'), 'an empty file takes the place of a large one'

/* Modes and owners. */
call ok 'copy_to' a 'local=small remote=/root/small'
call equal '640 0:0', in_guest('stat -c "%a %u:%g" /root/small'), 'mode as on the host, owner root'
call ok 'copy_to' a 'local=small remote=/root/small mode=4711 owner=nobody:tty'
call equal '4711 65534:5', in_guest('stat -c "%a %u:%g" /root/small'), 'mode and owner'
call ok 'copy_to' a 'local=small remote=/root/small owner=7:8'
call equal '7:8', in_guest('stat -c %u:%g /root/small'), 'numbers'
call ok 'copy_to' a 'local=small remote=/root/small mode=4711'
call ok 'copy_from' a 'remote=/root/small local=out'
call equal 711, on_host('stat -c %a out'), 'mode, without setuid'
call ok 'copy_from' a 'remote=/root/small local=out mode=600'
call equal 600, on_host('stat -c %a out'), 'mode as said'
call refused 'GUEST_FILE_NOT_FOUND', 'copy_to' a 'local=small remote=/root/small owner=no-such-user'

/* Names, folders. */
odd = 'it''s a "file" $HOME'
call ok 'copy_to' a 'local={{odd}} remote="/root/{{odd}} 2"'
call ok 'copy_from' a 'remote="/root/{{odd}} 2" local=folder'
call equal 'odd', on_host('cat folder/*2'), 'a name with blanks and quotes'
call ok 'copy_to' a 'local={{odd}} remote=/root/'
call equal '/root/'odd, qemu_target, 'into a folder'
call refused 'GUEST_FILE_NOT_FOUND', 'copy_to' a 'local=small remote=/root/new'method'/deep/file'
call ok 'copy_to' a 'local=small remote=/root/new'method'/deep/file make_folders'
call equal 'small', in_guest('cat /root/new'method'/deep/file'), 'folders made'
call refused 'GUEST_REFUSED', 'copy_to' a 'local=small remote=/root/new'method'/deep'

/* A link of the final name is replaced; what it leads to stays. */
call ok 'execute vm=a command="echo kept >/root/kept; ln -sf kept /root/link"'
call ok 'copy_to' a 'local=small remote=/root/link'
call equal 'kept small', in_guest('echo $(cat /root/kept) $(cat /root/link)'), 'through a link'
call ok 'execute vm=a command="ln -sf kept /root/link2"'
call ok 'copy_from' a 'remote=/root/link2 local=out'
call equal 'kept', on_host('cat out'), 'links are followed in the guest'

/* What there is not, and what is no file. */
call refused 'FILE_NOT_FOUND', 'copy_to' a 'local=no-such remote=/root/x'
call refused 'FILE_KIND', 'copy_to' a 'local=folder remote=/root/x'
call refused 'FILE_KIND', 'copy_to' a 'local=fifo remote=/root/x'
call refused 'VALUE_INVALID', 'copy_to' a 'local=small remote=root/x'
call refused 'GUEST_FILE_NOT_FOUND', 'copy_from' a 'remote=/no/such local=out'
call refused 'FILE_NOT_FOUND', 'copy_from' a 'remote=/root/small local=no/such/folder'
call ok 'execute vm=a command="rm -f /root/fifo; mkfifo /root/fifo"'
call refused 'GUEST_REFUSED', 'copy_from' a 'remote=/root/fifo local=out'
call refused 'GUEST_REFUSED', 'copy_from' a 'remote=/root local=out'
call refused 'LIMIT_EXCEEDED', 'copy_from' a 'remote=/root/large local=out max_size=1M'
call equal 'kept', on_host('cat out'), 'what was refused has left the file as it was'

/* No space in the guest: said, and nothing is left of it. */
call ok 'execute vm=a command="mkdir -p /root/tiny; mount -t tmpfs -o size=1m tiny /root/tiny; echo old >/root/tiny/file"'
call refused 'GUEST_REFUSED', 'copy_to' a 'local=large remote=/root/tiny/file'
call has qemu_error, 'space', 'no space'
call equal 'old file', in_guest('cat /root/tiny/file; ls -A /root/tiny', 'one line'), 'after no space'
call ok 'execute vm=a command="umount /root/tiny"'

/* Nothing that was under way is left. */
call equal '', in_guest('find /root -name "*tmp*" -o -name "*part*" -o -name ".a*"'), 'left in the guest'
call equal '', on_host('find . -name ".address-qemu.*"'), 'left on the host'
exit 0

in_guest:
  parse arg aq_in
  call ok 'execute vm=a command={{aq_in}}'
  return strip(translate(qemu_stdout, ' ', '0a'x))

on_host: procedure
  parse arg command
  address system command with output stem out.
  if out.0 = 0 then return ''
  return out.1
REXX
for method in helper agent ssh; do
    echo "method=$method ($SECONDS s)"
    checks $method "$digest" <methods.rexx
done

checks <<'REXX'
call refused 'VM_NOT_FOUND', 'copy_to vm=nobody local=small remote=/x'
call refused 'VM_NOT_RUNNING', 'copy_to vm=off local=small remote=/x'
call refused 'VM_NOT_RUNNING', 'copy_from vm=off local=out remote=/x'
REXX

# Ended in the middle: the old file is there, whole, and in the end nothing else.
truncate -s 600M huge
guest a 'mkdir /root/to; echo old >/root/to/target; truncate -s 600M /root/huge'
# Through the helper the file has no name until it is whole.
under_way='ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q "/root/to/.*deleted" || [ -n "$(find /root/to -name ".*" -type f -size +100k)" ]'
for method in helper agent ssh; do
    for signal in INT KILL; do
        echo "method=$method, SIG$signal ($SECONDS s)"
        interruptible rexx -e "address qemu 'copy_to vm=a method=$method local=huge remote=/root/to/target'; say 'not here'" >copy.out 2>&1 &
        pid=$!
        wait_until 60 guest_is a "$under_way"
        kill -$signal $pid
        code=0
        wait $pid 2>/dev/null || code=$?
        [ $signal = KILL ] || assert_equals 130 $code "$(cat copy.out)"
        assert_equals old "$(guest a 'cat /root/to/target')"
        # Through the agent, a process that is killed can clear nothing away.
        [ $method$signal != agentKILL ] || guest a 'rm -f /root/to/.aq-*'
        wait_until 20 guest_is a '[ "$(ls -A /root/to)" = target ]'
    done
    interruptible rexx -e "address qemu 'copy_from vm=a method=$method remote=/root/huge local=folder/here'; say 'not here'" >copy.out 2>&1 &
    pid=$!
    wait_until 60 eval '[ -n "$(find folder -name ".address-qemu*" -size +100k)" ]'
    kill -INT $pid
    code=0
    wait $pid || code=$?
    assert_equals 130 $code "$(cat copy.out)"
    [ ! -e folder/here ] || fail 'half a file has its final name'
    assert_equals '' "$(find folder -name '.address-qemu*')"
done
