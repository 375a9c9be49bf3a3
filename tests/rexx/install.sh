#!/bin/bash
# What is installed works from where it was put, and nowhere else is touched.
. "$SOURCE_DIR/tests/support/functions.sh"
unset LD_LIBRARY_PATH

cmake --install "$BUILD_DIR" --prefix "$PWD/prefix" >install.log
libdir=$(dirname "$(find prefix -name librexxqemu.so)")
[ -x prefix/bin/rexx ] || fail 'no rexx'
[ -x prefix/libexec/address-qemu/rexx-guest ] || fail 'no rexx-guest'
[ -x prefix/libexec/address-qemu/address-qemu-keeper ] || fail 'no keeper'
[ -f prefix/share/man/man1/rexx.1 ] || fail 'no manual page'
[ -f prefix/include/address-qemu/address-qemu.h ] || fail 'no header'
assert_equals pong "$(prefix/bin/rexx -e 'address qemu "ping"; say qemu_output')"
# shellcheck disable=SC2016
assert_contains "$(readelf -d "$libdir/librexxqemu.so")" '$ORIGIN]'
# An empty component would be the current folder: whoever owns that could have their own library loaded.
assert_equals '' "$(readelf -d "$BUILD_DIR"/lib/*.so "$libdir"/*.so | grep -E 'PATH\).*(\[:|::|:\])')"

# The manual page has what --help has.
page=$(cat prefix/share/man/man1/rexx.1)
while read -r option; do
    assert_contains "$page" "${option//-/\\-}"
done < <(prefix/bin/rexx --help | grep -oE -- '--[a-z]+' | sort -u)
