#!/bin/bash
# The static runner for guests: one file that runs REXX in an empty root, and has no ADDRESS QEMU.
. "$SOURCE_DIR/tests/support/functions.sh"
guest=$BUILD_DIR/libexec/address-qemu/rexx-guest

size=$(stat -c %s "$guest")
[ "$size" -le $((4 * 1024 * 1024)) ] || fail "rexx-guest has $size bytes"
headers=$(readelf -lW "$guest")
assert_lacks "$headers" INTERP 'a static program has no loader'
assert_lacks "$(readelf -dW "$guest")" NEEDED
assert_contains "$(readelf -hW "$guest")" 'DYN (Position-Independent Executable file)'
assert_lacks "$(readelf -SW "$guest")" .symtab 'stripped'
id=$(readelf -nW "$guest" | sed -n 's/.*Build ID: //p')
assert_equals 40 ${#id} 'length of the build-id'
version=$(sed -n 's/^project(address-qemu VERSION \([0-9.]*\) .*/\1/p' "$SOURCE_DIR/CMakeLists.txt")
assert_contains "$("$guest" --version)" "rexx-guest (ADDRESS QEMU) $version, REXX-Regina"
assert_contains "$("$guest" --version)" "build-id $id"
assert_contains "$("$guest" --help)" '--stdin'

code=0
message=$("$guest" -e 'address qemu "list"; say rc qemu_error_code; exit rc' 2>err.txt) || code=$?
assert_equals 6 $code
assert_equals '6 NOT_SUPPORTED' "$message"
assert_equals 1 "$(wc -l <err.txt)"
assert_contains "$(cat err.txt)" 'ADDRESS QEMU is not available inside a guest'
printf 'REQUIRE "rexxjs/address-qemu" AS VMS\naddress vms "list"\nexit rc\n' >r.rexx
assert_code 6 "$guest" r.rexx 2>err.txt
assert_equals 1 "$(wc -l <err.txt)"
assert_code 6 "$guest" --provision r.rexx 2>err.txt
assert_contains "$(cat err.txt)" 'not available inside a guest'

# In a root of its own, with a shell and nothing else.
requires busybox unshare chroot
unshare -r true 2>/dev/null || [ "$(id -u)" -eq 0 ] || skip 'no chroot: neither root nor allowed a user namespace'
file -L "$(command -v busybox)" 2>/dev/null | grep -q 'statically linked' ||
    ! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip 'busybox is not static (package busybox-static)'
mkdir -p root/bin root/tmp root/dev
cp "$guest" root/bin/rexx
cp "$(command -v busybox)" root/bin/busybox
for name in sh echo sort cat env; do ln -s busybox root/bin/$name; done
cat >root/tmp/script.rexx <<'REXX'
#!/usr/bin/env rexx
parse source . . file
parse arg all
say file '['all']' 1 / 4
'echo a host command'
in.0 = 2; in.1 = 'b'; in.2 = 'a'
address system 'sort' with input stem in. output stem out.
say out.0 out.1
call lineout '/tmp/file', 'written'
call lineout '/tmp/file'
say linein('/tmp/file')
say 'twice'(21)
pull line
say line
exit 9
REXX
echo 'return arg(1) * 2' >root/tmp/twice.rexx
PATH=$PATH:/usr/sbin
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(unshare -r)
inside() {
    "${as_root[@]}" chroot root /bin/env -i PATH=/bin "$@"
}
code=0
got=$(echo input | inside /bin/rexx /tmp/script.rexx one 'two  three') || code=$?
assert_equals '/tmp/script.rexx [one two  three] 0.25
a host command
2 a
written
42
INPUT' "$got"
assert_equals 9 $code
assert_equals 'from stdin 1' "$(echo 'say "from stdin" arg()' | inside /bin/rexx --stdin x)"
assert_equals '7' "$(inside /bin/rexx -e 'say 3 + 4')"
