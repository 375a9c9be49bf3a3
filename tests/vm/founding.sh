#!/bin/bash
# shellcheck disable=SC2119 # what functions take is optional
# The REXX of the document that this project began with (founding/, a file for each of its blocks, and all of it in one
# script): every block runs as it stands, with the images and scripts made for it that it names, and does what it claims.
# Where the document itself lies beside the checkout, founding/ has to be what it says, block by block.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

blocks=$SOURCE_DIR/tests/vm/founding
document=$(grep -l '^```rexx$' "$SOURCE_DIR"/../shared/seeds/*.txt 2>/dev/null | head -n 1 || true)
if [ -n "$document" ]; then
    awk '/^```rexx$/ { open = 1; count++; next } /^```$/ { open = 0 } open { print > (count ".said") }' "$document"
    for said in *.said; do
        cmp "$said" "$blocks/${said%.said}"-*.rexx
    done
    assert_equals "$(find . -name '*.said' | wc -l)" "$(find "$blocks" -name '[0-9]*.rexx' | wc -l)" 'blocks'
fi

micro_base
disk=$(qemu_get QEMU_DISK 'inspect_base name=micro')
cleanup_fn remove_all

# The document's paths are at the top of the file system. Where they cannot be made, or are taken, others are put in their place.
place() {
    local path=$1 top
    top=/$(cut -d/ -f2 <<<"$path")
    if [ ! -e "$top" ] && mkdir "$top" 2>/dev/null; then
        cleanup_fn rm -r "$top"
    elif [ ! -w "$top" ] || [ -e "$path" ]; then
        sed -i "s|$path|$PWD$path|" ./*.rexx
        path=$PWD$path
    fi
    mkdir -p "${path%/*}"
    cat >"$path"
}
cp "$blocks"/*.rexx .
place /path/to/disk.qcow2 <"$disk"
place /images/rhel8.qcow2 <"$disk"
place /path/to/script.rexx <<'REXX'
/* rexxjs-vm-base: test-alpine */
say 'hello'
'echo provisioned >/root/mark'
REXX

# The header.
rexx --check 1-header.rexx
assert_equals '4294967296 2 300000 base-rhel-8-with-jdk17 8080' "$(rexx -e 'require "rexxjs/address-qemu"
    let h = qemu_header("1-header.rexx")
    say h.memory h.cpus h.timeout_ms h.base h.ingress[0].guest')"

# A base, a clone that is not started, a list; each by a script of its own.
rexx 2-register.rexx
assert_equals '512 1' "$(qemu_get QEMU_MEMORY 'inspect_base name=test-alpine') $(qemu_get QEMU_CPUS 'inspect_base name=test-alpine')"
rexx 3-clone.rexx
assert_equals 'stopped 2048 2 test-alpine' "$(rexx -e 'address qemu "inspect name=my-vm"
    say qemu_status qemu_memory qemu_cpus qemu_based_on')"
rexx 5-list.rexx
assert_contains "$(rexx -e '
    require "rexxjs/address-qemu" as qemu
    address qemu
      "list_bases"
    do i = 1 to qemu_count
      say qemu_bases.i.name
    end')" test-alpine

# A script in a VM of its own, kept running, with a snapshot.
rexx 4-provision.rexx
vm=$(rexx -e 'address qemu "list"
    do i = 1 to qemu_count
        if qemu_vms.i.status = "running" then say qemu_vms.i.name
    end')
assert_equals provisioned "$(guest "$vm" 'cat /root/mark')"
assert_equals 1 "$(qemu_get QEMU_COUNT "list_snapshots name=$vm")"
remove_all

# The session as a whole, and then the script that deploys: the service of the VM is reached from the host.
cp 1-header.rexx deploy-app.rexx
cat >>deploy-app.rexx <<'REXX'
'mkdir -p /srv/app && nproc >/srv/app/cpus && httpd -p 8080 -h /srv/app'
REXX
deployed() {
    local vm
    vm=$(rexx -e 'address qemu "list"
        do i = 1 to qemu_count
            if qemu_vms.i.status = "running" then say qemu_vms.i.name
        end')
    assert_equals 2 "$(curl -sS "http://127.0.0.1:$(qemu_get QEMU_INGRESS_PORT "inspect name=$vm")/cpus")"
    remove_all
}
chmod +x whole.rexx 6-deploy.rexx
assert_contains "$(./whole.rexx)" 'found 3 bases'
assert_equals stopped "$(qemu_get QEMU_STATUS 'inspect name=my-vm')"
deployed
./6-deploy.rexx
deployed
