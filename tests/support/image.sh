# shellcheck shell=bash
# What the tests of modified images share.

# requires_libguestfs: skips the test where libguestfs cannot work.
requires_libguestfs() {
    [ "$(qemu_get qemu_appliance verify_host)" = 1 ] || skip 'libguestfs cannot work here; see verify_host'
}

# tree REFERENCE FOLDER: the root file system of an image, checked, with its names in FOLDER; debugfs finds it by what is
# in FOLDER.at. A reference is a base that is a layer, or a layer's id.
tree() {
    local layer=$1 start
    [ ${#layer} -eq 64 ] || layer=$(qemu_get qemu_layer "inspect_base name=$1")
    qemu-img convert -O raw "$ADDRESS_QEMU_HOME/layers/$layer/layer.qcow2" "$2.raw"
    start=$(sfdisk -J "$2.raw" | tr -d ' ,' | sed -n '/raw2/,/}/s/"start"://p')
    echo "$2.raw?offset=$((start * 512))" >"$2.at"
    e2fsck -fn "$(cat "$2.at")" >"$2.e2fsck" 2>&1 || fail "e2fsck of $1: $(cat "$2.e2fsck")"
    mkdir -p "$2"
    # All but /huge, whose holes would be written out.
    debugfs -R 'ls -p /' "$(cat "$2.at")" 2>/dev/null |
        awk -F/ '$6 != "." && $6 != ".." && $6 != "huge" && $6 != "" && $3 !~ /^12/ {print "rdump /" $6 " '"$2"'"}' >"$2.dump"
    debugfs -f "$2.dump" "$(cat "$2.at")" >/dev/null 2>&1
}

# of FOLDER PATH: type and mode, owner and group.
of() {
    debugfs -R "stat $2" "$(cat "$1.at")" 2>/dev/null |
        awk '/Type:/ {for (i = 1; i < NF; i++) {if ($i == "Type:") type = $(i + 1); if ($i == "Mode:") mode = $(i + 1)}}
             /User:/ {user = $2; group = $4}
             END {kind["regular"] = "10"; kind["directory"] = "4"; kind["symlink"] = "12"
                  print kind[type] mode, user, group}'
}

# nothing_runs: no QEMU of this test's is left; an appliance's is run by a link of that name (offline/hv/main.c).
nothing_runs() {
    local environ
    for environ in /proc/[0-9]*/environ; do
        grep -qzxF "XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR" "$environ" 2>/dev/null &&
            grep -qaE '^(qemu-s.*|program)$' "${environ%environ}comm" 2>/dev/null && return 1
    done
    return 0
}
