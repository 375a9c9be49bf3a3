#!/bin/bash
# The spec that this project began with, on a Debian; a command in a booted guest; VMs of what comes of it.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/image.sh"
requires qemu-system-x86_64 qemu-storage-daemon qemu-img e2fsck debugfs mmdebstrap python3
requires_libguestfs

debian_base checkpoint-550e8400
mkdir -p local templates new_static_files/css served
echo '{"port": 8080}' >local/config.json
printf 'password: {{ db_password }}\nport: {{ api_port }}\n' >templates/compose.j2
echo body >new_static_files/css/site.css
head -c 200000 /dev/urandom >served/model.bin
python3 -u -m http.server --bind 127.0.0.1 --directory served 0 >server.log 2>&1 &
cleanup_fn kill $!
wait_until 10 grep -q 'port [0-9]' server.log
port=$(sed -nE 's/.*port ([0-9]+).*/\1/p' server.log)

cat >app.yaml <<YAML
checkpoint_modifications:
  base_checkpoint: "checkpoint-550e8400"

  files:
    # Direct file replacement
    - path: /project/config.json
      source: ./local/config.json

    # Inline content
    - path: /project/settings.py
      content: |
        DEBUG = True
        API_KEY = "new_key"

    # Template with variables
    - path: /project/docker-compose.yml
      template: ./templates/compose.j2
      variables:
        db_password: "\${DB_PASSWORD}"
        api_port: 8080

    # Binary file from URL
    - path: /project/data/model.bin
      url: http://127.0.0.1:$port/model.bin
      checksum: sha256:$(sha256sum served/model.bin | cut -d' ' -f1)

    # Directory replacement
    - path: /project/static/
      source: ./new_static_files/
      recursive: true

    - {path: /project/scripts/setup.sh, content: "#!/bin/sh\n"}
    - {path: /usr/local/bin/npm, content: "#!/bin/sh\npwd >>/project/npm\n", mode: "0755"}

  # Optional: execution after file replacement
  post_modification:
    - command: "chmod +x /project/scripts/setup.sh"
    - command: "cd /project && npm install"
    - command: "systemctl is-system-running --wait >/project/state; uname -r >/project/kernel"
      when: guest
YAML
assert_code 2 qemu 'modify spec=app.yaml' 2>/dev/null
export DB_PASSWORD='of the test'
# Nothing is touched before a download is known to be what it has to be.
sed -E "s/sha256:[0-9a-f]{64}/sha256:$(printf %064d 0)/" app.yaml >wrong.yaml
assert_equals CHECKSUM_WRONG "$(qemu_get qemu_error_code 'modify spec=wrong.yaml')"
[ -z "$(ls "$ADDRESS_QEMU_HOME/layers" 2>/dev/null)" ] || fail 'a wrong download left a layer'

qemu 'modify spec=app.yaml name=app' >/dev/null
tree app app
cmp local/config.json app/project/config.json
assert_equals $'DEBUG = True\nAPI_KEY = "new_key"' "$(cat app/project/settings.py)"
assert_equals $'password: of the test\nport: 8080' "$(cat app/project/docker-compose.yml)"
cmp served/model.bin app/project/data/model.bin
cmp new_static_files/css/site.css app/project/static/css/site.css
assert_equals '100755 0 0 /project' "$(of app /project/scripts/setup.sh) $(cat app/project/npm)"
assert_equals running "$(cat app/project/state)"
assert_contains "$(cat app/project/kernel)" -
# It was booted, and has no identity of its own for that.
assert_equals 0 "$(stat -c %s app/etc/machine-id)"
assert_equals '' "$(find app/etc/ssh -name 'ssh_host_*')"

# A script that says which spec it wants runs in a clone of what the spec comes to.
cat >script.rexx <<'REXX'
/* rexxjs-vm-spec: app.yaml */
say linein("/project/config.json")
REXX
assert_contains "$(qemu_get qemu_stdout 'provision script=script.rexx name=web')" '{"port": 8080}'
cleanup_fn qemu 'remove name=web force=true'
assert_equals "$(qemu_get qemu_layer 'modify spec=app.yaml')" \
    "$(sed -nE 's/^ *layer: "?([0-9a-f]{64}).*/\1/p' "$ADDRESS_QEMU_HOME/vms/web/vm.yaml" | head -n 1)"

# The disk of a stopped VM: what it has of its own stays, and what fails changes nothing.
qemu 'execute vm=web command="echo mine >/root/mine; sync"' >/dev/null 2>&1 || qemu 'start name=web' >/dev/null
qemu 'execute vm=web ready_timeout=600 command="echo mine >/root/mine; sync"' >/dev/null
assert_equals VM_RUNNING "$(qemu_get qemu_error_code 'modify spec=app.yaml vm=web')"
qemu 'stop name=web timeout=120' >/dev/null
printf 'checkpoint_modifications:\n  files: [{path: /root/theirs, content: "theirs\\n"}, {path: %s, content: x}]\n' /etc >vm.yaml
disk=$(qemu_get qemu_disk 'inspect name=web')
assert_equals GUEST_REFUSED "$(qemu_get qemu_error_code 'modify spec=vm.yaml vm=web')"
sed -i 's|path: /etc|path: /root/more|' vm.yaml
qemu 'modify spec=vm.yaml vm=web' >/dev/null
[ "$disk" != "$(qemu_get qemu_disk 'inspect name=web')" ] || fail 'the disk is the old one'
qemu 'start name=web' >/dev/null
assert_equals 'mine theirs x' "$(qemu_get qemu_stdout 'execute vm=web ready_timeout=600 command="cat /root/mine /root/theirs /root/more | xargs"')"
