#!/bin/bash
# A Debian base: what its clones have and do not share.
. "$SOURCE_DIR/tests/support/functions.sh"
requires qemu-system-x86_64 mmdebstrap mcopy syslinux

debian_base debian
for vm in one two; do
    cleanup_fn qemu "remove name=$vm force=true"
done
qemu 'clone base=debian name=one disk=12G cpus=2 accel=tcg'
guest() {
    qemu_get qemu_stdout "execute vm=$1 ready_timeout=600 timeout=600000 command='$2'"
}
assert_equals running "$(guest one 'systemctl is-system-running --wait')"
assert_equals '' "$(guest one 'systemctl --failed --no-legend')" 'units that failed'
assert_equals active "$(guest one 'systemctl is-active address-qemu-helper')"
assert_contains "$(guest one 'rexx -v 2>&1')" REXX
assert_equals one "$(guest one hostname)"
assert_equals active "$(guest one 'systemctl is-active ssh')"
assert_contains "$(guest one 'sshd -T')" 'passwordauthentication no'
assert_contains "$(guest one 'ip -4 addr show dev eth0')" 'inet 10.'
assert_contains "$(guest one 'cat /etc/resolv.conf')" nameserver
assert_equals 1 "$(($(guest one 'df --output=size -BG / | tail -n 1 | tr -dc 0-9') > 10))" 'a root file system of 12 GiB'
assert_equals '4755 root' "$(guest one 'stat -c "%a %U" /usr/bin/passwd')" 'modes survive'
identity='cat /etc/machine-id; ls /etc/ssh/ssh_host_*; cat /etc/ssh/ssh_host_ed25519_key.pub'
one=$(guest one "$identity")
assert_contains "$one" /etc/ssh/ssh_host_ed25519_key.pub
qemu 'stop name=one timeout=120'
assert_contains "$(qemu_get qemu_output 'logs name=one lines=20')" 'Power down'

qemu 'clone base=debian name=two cpus=2 accel=tcg'
assert_equals running "$(guest two 'systemctl is-system-running --wait')"
two=$(guest two "$identity")
for line in 1 $(($(wc -l <<<"$one"))); do
    [ "$(sed -n "${line}p" <<<"$one")" != "$(sed -n "${line}p" <<<"$two")" ] || fail "two clones share: $one"
done
qemu 'stop name=two timeout=120'
