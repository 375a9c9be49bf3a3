#!/bin/bash
# Layers: what is built, what is found again, what is left by what fails or is killed.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/image.sh"
requires qemu-system-x86_64 qemu-storage-daemon qemu-img e2fsck debugfs mcopy syslinux
requires_libguestfs

micro_base micro
mkdir local
echo one >local/one
printf '#!/bin/sh\necho setup\n' >local/setup.sh

spec() {
    cat >spec.yaml
}
# result VARIABLE …: what the latest `modify` set, from the file that modify_all keeps.
modify() {
    rexx -e 'parse arg command
             call on error name ignore
             address qemu command
             say qemu_json
             exit 0
             ignore: return' "modify spec=spec.yaml $*" >result.json
}
field() {
    sed -nE 's/.*"'"$1"'":("([^"]*)"|([^,}]*)).*/\2\3/p' result.json
}
count() {
    echo "cached $(field cached) built $(field built)"
}

# Four layers: files without an appliance, three commands in one appliance.
spec <<'YAML'
checkpoint_modifications:
  base_checkpoint: micro
  secrets: {token: {env: TOKEN}}
  files:
    - {path: /project/one, source: ./local/one, mode: "0640", owner: nobody}
    - {path: /project/setup.sh, source: ./local/setup.sh}
  post_modification:
    - command: "chmod +x /project/setup.sh && /project/setup.sh >/project/said; echo $GREETING >>/project/said"
      env: {GREETING: hello}
    - command: "wc -c </run/secrets/token >/project/length; echo cached >>/var/cache/kept/count"
      secrets: [token]
      cache: [/var/cache/kept]
    - command: "wc -l </var/cache/kept/count >/project/count; (sleep 1000 &); ip -o link >/project/links"
      cache: [/var/cache/kept]
YAML
export TOKEN='the-secret-of-this-test-8f2c'
modify 'dry_run=true'
assert_equals 'cached 0 built 0' "$(count)"
[ ! -d "$ADDRESS_QEMU_HOME/layers" ] || [ -z "$(ls "$ADDRESS_QEMU_HOME/layers")" ] || fail 'a dry run left layers'
modify 'name=app'
assert_equals 'cached 0 built 4' "$(count)" "$(cat result.json)"
assert_equals 1 "$(field generation)"
app=$(field layer)
tree app app
assert_equals '100640 65534 0 100755 0 0' "$(of app /project/one) $(of app /project/setup.sh)"
assert_equals $'setup\nhello' "$(cat app/project/said)"
assert_equals "${#TOKEN} 1" "$(cat app/project/length) $(cat app/project/count)"
assert_equals 1 "$(wc -l <app/project/links)" 'a network where none was asked for'
if [ -e app/var/cache/kept ] || [ -e app/run/secrets ]; then fail 'what was mounted is in the image'; fi
for layer in "$ADDRESS_QEMU_HOME"/layers/*/layer.qcow2; do
    qemu-img check "$layer" >/dev/null
    assert_equals 400 "$(stat -c %a "$layer")"
done
qemu verify_layers >/dev/null

# Again: nothing is done. Touched: nothing. Another content: all of it. Another command: what follows it.
modify 'name=app'
assert_equals 'cached 4 built 0' "$(count)"
touch local/one
modify 'name=app'
assert_equals 'cached 4 built 0' "$(count)"
assert_equals "1 $app" "$(field generation) $(field layer)"

# A command that fails: the layers before it stay, and the next run starts there.
sed -i 's|(sleep 1000 &); ip -o link >/project/links|echo no good >\&2; exit 3|' spec.yaml
modify 'on_error=keep'
assert_equals 'GUEST_COMMAND_FAILED 7 3' "$(field error_code) $(field rc) $(field exit_code)"
assert_contains "$(cat result.json)" 'It said: no good'
assert_contains "$(cat result.json)" 'spec.yaml:13:7'
assert_equals 'cached 3 built 0' "$(count)"
tree "$(field failed_layer)" failed
assert_equals 1 "$(cat failed/project/count)" 'the cache of the build before'
assert_equals "1 $app" "$(qemu_get qemu_generation 'history name=app') $app"

# Killed in the middle of a layer: what was finished stays, nothing else does, and nothing lives on.
sed -i 's|wc -l.*exit 3|touch /project/begun; echo begun; sleep 600|' spec.yaml
before=$(ls "$ADDRESS_QEMU_HOME/layers")
rexx -e 'address qemu "modify spec=spec.yaml stream=true"' >killed.out 2>&1 &
victim=$!
wait_until 300 grep -q begun killed.out
kill -KILL $victim
wait $victim 2>/dev/null || true
wait_until 10 nothing_runs
sed -i 's|touch /project/begun; echo begun; sleep 600|echo fine >/project/fine|' spec.yaml

# Two that want the same at once: it is made once.
modify_into() {
    rexx -e 'parse arg file; address qemu "modify spec=spec.yaml"; call lineout file, qemu_cached qemu_built' "$1"
}
modify_into first &
first=$!
modify_into second
wait $first
assert_equals '3 1 4 0' "$(sort first second | xargs)"
assert_equals "$(wc -w <<<"$before") + 1" "$(($(find "$ADDRESS_QEMU_HOME/layers" -mindepth 1 -maxdepth 1 | wc -l) - 1)) + 1"
modify 'name=app'
assert_equals 'cached 4 built 0 2' "$(count) $(field generation)"

# Interrupted: as if it had not been.
sed -i 's|echo fine >/project/fine|echo begun; sleep 600|' spec.yaml
before=$(ls -a "$ADDRESS_QEMU_HOME/layers")
rexx -e 'address qemu "modify spec=spec.yaml stream=true"' >interrupted.out 2>&1 &
victim=$!
wait_until 300 grep -q begun interrupted.out
kill -TERM $victim
wait $victim || true
nothing_runs || fail 'an appliance outlived an interruption'
assert_equals "$before" "$(ls -a "$ADDRESS_QEMU_HOME/layers")"
assert_equals '' "$(find "$ADDRESS_QEMU_HOME/cache" -name '*.tmp')"

# Generations: back and forth, whatever stands on them.
qemu 'clone base=app name=clone no_start=true' >/dev/null
assert_equals 1 "$(qemu_get qemu_generation 'rollback name=app')"
assert_equals "$app" "$(qemu_get qemu_layer 'inspect_base name=app')"
assert_equals 2 "$(qemu_get qemu_generation 'rollback name=app to=2')"
assert_code 3 qemu 'rollback name=app to=7' 2>/dev/null
changes=$(qemu 'diff a=app@1 b=app@2')
assert_contains "$changes" '+ /project/fine'
assert_contains "$changes" '- /project/links'
assert_lacks "$changes" /project/setup.sh
assert_code 4 qemu "modify spec=spec.yaml name=micro" 2>/dev/null

# The secret is nowhere in the store, not even in what was left of failed and killed builds.
assert_equals '' "$(grep -rlaF --exclude='*.raw' "$TOKEN" "$ADDRESS_QEMU_HOME" || true)"
