#!/bin/bash
# A script that goes to a guest over SSH, against the same bytes through `cat` there: over a connection of its own each
# time, which is what people type, and over one that is open already (ControlMaster), where nothing hides the start of
# the interpreter. In a Debian guest with OpenSSH, and in a micro guest, where dropbear's connections cost a sixth of that
# and busybox's shell runs its `cat` by itself.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"
. "$SOURCE_DIR/scripts/bench.d/functions"
requires ssh qemu-system-x86_64

cat >script.rexx <<'REXX'
parse arg words
do i = 1 to 3
  say i words
end
REXX
options=()
in_guest() { ssh -F guest.ssh "${options[@]}" "$guest" "$*" <script.rexx; }
with_rexx() { us in_guest rexx --stdin a b; }
with_cat() { us in_guest cat; }

# start NAME: a VM on the base of that name, which SSH leads to
start() {
    guest=$1
    qemu "clone base=$guest name=$guest" >&2
    qemu "ssh_config name=$guest file='$PWD/guest.ssh'" >/dev/null
    qemu "wait name=$guest for=ssh timeout=600" >&2
    assert_equals '1 a b 2 a b 3 a b' "$(in_guest rexx --stdin a b | paste -sd ' ')"
    assert_equals "$(cat script.rexx)" "$(in_guest cat)"
}

debian_base debian >&2
micro_base micro >&2
cleanup_fn remove_all
start debian
read -r ours peer < <(compare 21 with_rexx with_cat)
row 'ssh vm rexx --stdin, against ssh vm cat' "$ours" "$peer" ratio 1.1
options=(-o ControlPath="$XDG_RUNTIME_DIR/master")
ssh -F guest.ssh "${options[@]}" -fNM debian
read -r ours peer < <(compare 21 with_rexx with_cat)
row 'the same over an open connection' "$ours" "$peer" ratio 1.25
ssh -F guest.ssh "${options[@]}" -O exit debian 2>/dev/null
qemu 'stop name=debian force=true' >&2

options=()
start micro
read -r ours peer < <(compare 31 with_rexx with_cat)
row 'the same in a micro guest' "$ours" "$peer" ratio 1.4
