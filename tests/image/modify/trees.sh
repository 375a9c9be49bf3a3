#!/bin/bash
# What is written without an appliance is what the appliance writes; hostile trees; guests of other kinds.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/image.sh"
requires qemu-system-x86_64 qemu-storage-daemon qemu-img e2fsck debugfs mmdebstrap
requires_libguestfs

debian_base direct

# A tree that means no good, and an SELinux of sorts.
cat >hostile.yaml <<'YAML'
checkpoint_modifications:
  base_checkpoint: direct
  post_modification:
    - command: |
        set -e
        mkdir /h; cd /h
        ln -s / root; ln -s ../../../../../../etc up; ln -s /nowhere/at/all dangling; ln -s b a; ln -s a b
        mkfifo fifo; mknod device c 1 3; mkdir folder; mkdir -p deep/er; echo x >deep/er/x
        truncate -s 15T /huge; echo old >linked; ln linked other; echo old >owned; chown 33:44 owned; chmod 4751 owned
        echo old >file; chmod 604 file; chown 5:6 file; ln -s file link
        for i in $(seq 400); do echo $i >folder/a-name-that-is-rather-long-$i; done
        mkdir -p /etc/selinux; echo SELINUX=enforcing >/etc/selinux/config
        useradd -m app
        echo 'LABEL=none /mnt/none ext4 noauto 0 0' >>/etc/fstab
YAML
qemu 'modify spec=hostile.yaml name=hostile' >/dev/null

mkdir -p static/sub
for i in $(seq 50); do echo "file $i" >"static/f$i"; done
dd if=/dev/zero of=static/zeros bs=1M count=3 status=none
head -c 3000000 /dev/urandom >static/sub/bytes
cat >files.yaml <<'YAML'
checkpoint_modifications:
  base_checkpoint: direct
  files:
    - {path: /h/root/through, content: "in the root\n"}
    - {path: /h/up/climbed, content: "in etc\n"}
    - {path: /h/dangling, content: "a file now\n"}
    - {path: /h/link, content: "a file now\n"}
    - {path: /h/linked, content: "new\n"}
    - {path: /h/owned, content: "new\n", owner: app, group: app}
    - {path: /h/file, content: "new\n"}
    - {path: /huge, content: "end\n", append: true}
    - {path: /h/folder/one-more, content: "1\n", mode: "0600"}
    - {path: /h/deep, delete: true, recursive: true}
    - {path: /h/b, delete: true}
    - {path: /made/for/it/link, symlink: ../../there}
    - {path: /made/folder, mkdir: true, mode: "2750", owner: app}
    - {path: /etc/motd, content: "more\n", append: true}
    - {path: /static/, source: ./static/, recursive: true, owner: "1000"}
YAML
# names FOLDER: all names, with what is known of them but the times, and the contents of all but the huge.
names() {
    (cd "$1" && find . -printf '%P %y %m %U %G %s %l\n' | sort)
    (cd "$1" && find . -type f -size -20M -print0 | sort -z | xargs -0 sha256sum)
}

assert_equals 0 "$(qemu_get qemu_steps.1.appliance 'modify spec=files.yaml base=hostile name=a')"
tree a a
assert_equals 1 "$(qemu_get qemu_relabel 'modify spec=files.yaml base=hostile no_cache=true')" 'SELinux labels'

# The same disk as a base of which nothing is known, and whose fstab is not simple: it is inspected, and its files are put
# in by the appliance.
qemu-img convert -O qcow2 "$(qemu_get qemu_disk 'inspect_base name=hostile')" flat.qcow2
qemu 'register_base name=flat disk=flat.qcow2 copy=false memory=512M cpus=1' >/dev/null
assert_equals 1 "$(qemu_get qemu_steps.1.appliance 'modify spec=files.yaml base=flat name=b')"
tree b b
diff <(names a) <(names b)
assert_equals "$(qemu_get qemu_steps.1.key 'modify spec=files.yaml base=flat dry_run=true')" \
    "$(qemu_get qemu_layer 'modify spec=files.yaml base=flat')"

for image in a b; do
    assert_equals $((15 * 1024 ** 4 + 4)) "$(debugfs -R 'stat /huge' "$(cat "$image.at")" 2>/dev/null | awk '/Size:/ {print $NF; exit}')"
done
assert_equals 'in the root' "$(cat a/through)"
assert_equals 'in etc' "$(cat a/etc/climbed)"
assert_equals 'a file now' "$(cat a/h/dangling)"
assert_equals 'a file now' "$(cat a/h/link)"
assert_equals 'old new' "$(cat a/h/other) $(cat a/h/linked)"
assert_equals 1004751 "$(of a /h/owned | cut -d' ' -f1)"
assert_equals '100604 5 6' "$(of a /h/file)"
assert_equals 402750 "$(of a /made/folder | cut -d' ' -f1)"
if [ -e a/h/deep ] || [ -L a/h/b ]; then fail 'what was to go is there'; fi
assert_equals '../../there' "$(readlink a/made/for/it/link)"

# What is in the way is refused, by its place in the spec, and nothing is left.
refused() {
    local before
    before=$(ls "$ADDRESS_QEMU_HOME/layers")
    printf 'checkpoint_modifications:\n  base_checkpoint: %s\n  files:\n    - {path: %s, content: x}\n' "$3" "$1" >bad.yaml
    assert_contains "$(qemu_get qemu_error 'modify spec=bad.yaml')" "bad.yaml:4:7: in the image, $1: $2"
    assert_equals "$before" "$(ls "$ADDRESS_QEMU_HOME/layers")"
}
refused /h/fifo 'a file goes there, and a fifo is' hostile
refused /h/device 'a file goes there, and a device is' hostile
refused /h/folder 'a file goes there, and a folder is' hostile
refused /h/fifo 'a file goes there, and a fifo is' b
