# shellcheck shell=bash
# What the tests of modified images share.

# requires_libguestfs: skips the test where libguestfs cannot work.
requires_libguestfs() {
    [ "$(qemu_get qemu_appliance verify_host)" = 1 ] || skip 'libguestfs cannot work here; see verify_host'
}

# tree REFERENCE FOLDER: the root file system of an image, checked, with its names in FOLDER.names. A reference is a base
# that is a layer, or a layer's id.
tree() {
    local layer=$1 start size
    [ ${#layer} -eq 64 ] || layer=$(qemu_get qemu_layer "inspect_base name=$1")
    qemu-img convert -O raw "$ADDRESS_QEMU_HOME/layers/$layer/layer.qcow2" "$2.raw"
    read -r start size < <(sfdisk -J "$2.raw" | tr -d ' ,' | sed -n '/raw2/,/}/{s/"start"://p;s/"size"://p}' | xargs)
    dd if="$2.raw" of="$2.ext4" bs=1M iflag=skip_bytes,count_bytes skip=$((start * 512)) count=$((size * 512)) \
        conv=sparse status=none
    rm "$2.raw"
    e2fsck -fn "$2.ext4" >"$2.e2fsck" 2>&1 || fail "e2fsck of $1: $(cat "$2.e2fsck")"
    mkdir -p "$2"
    debugfs -R "rdump / $2" "$2.ext4" 2>/dev/null
}

# of FOLDER PATH: type and mode, owner and group.
of() {
    debugfs -R "stat $2" "$1.ext4" 2>/dev/null |
        awk '/Type:/ {for (i = 1; i < NF; i++) {if ($i == "Type:") type = $(i + 1); if ($i == "Mode:") mode = $(i + 1)}}
             /User:/ {user = $2; group = $4}
             END {kind["regular"] = "10"; kind["directory"] = "4"; kind["symlink"] = "12"
                  print kind[type] mode, user, group}'
}

# nothing_runs: no QEMU of this test's is left.
nothing_runs() {
    local environ
    for environ in /proc/[0-9]*/environ; do
        grep -qzxF "XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR" "$environ" 2>/dev/null &&
            grep -qa '^qemu-s' "${environ%environ}comm" 2>/dev/null && return 1
    done
    return 0
}
