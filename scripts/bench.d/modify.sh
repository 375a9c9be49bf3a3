#!/bin/bash
# Changing disks from a spec, against virt-customize doing the same to a copy.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/image.sh"
. "$SOURCE_DIR/scripts/bench.d/functions"
requires virt-customize qemu-storage-daemon
requires_libguestfs

export LIBGUESTFS_CACHEDIR=/var/tmp LIBGUESTFS_BACKEND=direct
[ "$(qemu_get qemu_kvm verify_host)" = 1 ] || export LIBGUESTFS_BACKEND_SETTINGS=force_tcg
debian_base debian >&2
disk=$(qemu_get qemu_disk 'inspect_base name=debian')
work=$PWD

cat >measure.rexx <<'REXX'
/* measure.rexx COMMAND: what the command takes, in microseconds. */
parse arg command
address qemu
'list_bases'
call time 'R'
command
say trunc(time('E') * 1000000)
REXX
measure() { rexx "$work/measure.rexx" "$1"; }

mkdir fifty thousand
for i in $(seq 50); do head -c 2000 /dev/urandom >"fifty/f$i"; done
for i in $(seq 1000); do head -c 500 /dev/urandom >"thousand/f$i"; done
spec() { # FOLDER, then lines
    printf 'checkpoint_modifications:\n  base_checkpoint: debian\n  files:\n    - {path: /srv/%s, source: ./%s, recursive: true}\n' \
        "$1" "$1"
    shift
    printf '%s\n' "$@"
}
customize() {
    qemu-img create -q -f qcow2 -F qcow2 -b "$disk" copy.qcow2
    us virt-customize -q -a copy.qcow2 --no-network "$@"
    rm -f copy.qcow2
}
spec fifty >fifty.yaml
theirs=$(customize --copy-in fifty:/srv)
row 'a spec of 50 files, nothing cached' \
    "$(for _ in 1 2 3; do measure 'modify spec=fifty.yaml no_cache=true'; done | median)" "$theirs" faster 20
measure 'modify spec=fifty.yaml name=fifty' >/dev/null
again=$(for _ in 1 2 3 4 5 6 7 8 9; do measure 'modify spec=fifty.yaml name=fifty'; done | median)
row 'the same spec again: nothing to do' "$again" "$theirs" faster 500
row 'the same spec again' "$again" '' max 10000

spec thousand >thousand.yaml
row '1,000 files, against --copy-in of the folder' "$(measure 'modify spec=thousand.yaml')" \
    "$(customize --copy-in thousand:/srv)" ratio 1

# Each further command: what a layer costs beyond the command, from its own time in a build of several.
spec fifty '  post_modification:' '    - command: "true"' '    - command: "echo 1 >/srv/1"' \
    '    - command: "echo 2 >/srv/2"' '    - command: "echo 3 >/srv/3"' >commands.yaml
rexx -e 'address qemu "modify spec=commands.yaml"; do i = 3 to 5; say qemu_steps.i.ms * 1000; end' >layers
row 'each further command layer' "$(median <layers)" '' max 1000000

# Ten variants of one base: the base, and what each has of its own.
for i in $(seq 10); do
    head -c 100000 /dev/urandom >"fifty/own"
    measure "modify spec=fifty.yaml name=variant$i" >/dev/null
done
row_size 'disk for ten variants of a base, beyond their own 2 MB' \
    "$(du -s --block-size=1 "$ADDRESS_QEMU_HOME/layers" | cut -f1)" $((64 << 20))
