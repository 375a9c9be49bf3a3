# shellcheck shell=bash
# For tests that run REXX: the runner is `rexx`, which is first in PATH; "${stock[@]}" is Regina's own interpreter,
# which finds librexxqemu.so through LD_LIBRARY_PATH. Source it after functions.sh.

# In a sanitized build the module needs the sanitizer's library in a program that was not built with it. Leaks are
# looked for in our own runner only: stock regina's children would inherit the library too.
sanitizer=$(ldd "$BUILD_DIR/lib/librexxqemu.so" | awk '/libasan/ {print $3}')

stock=(regina)
[ -z "$sanitizer" ] || stock=(env LD_PRELOAD="$sanitizer" ASAN_OPTIONS=detect_leaks=0 regina)

# What a script for stock Regina begins with; harmless under the runner.
export LOAD="call RxFuncAdd 'QemuLoadFuncs', 'rexxqemu', 'QemuLoadFuncs'; call QemuLoadFuncs"

# both NAME WANTED: runs the script NAME.rexx, loading line first, under both; both have to print WANTED on stdout.
both() {
    local got
    { printf '%s\n' "$LOAD"; cat "$1"; } >loaded.rexx
    got=$(rexx ./loaded.rexx 2>stderr.txt) || true
    assert_equals "$2" "$got" "$1 under rexx ($(head -c 2000 stderr.txt))"
    got=$("${stock[@]}" ./loaded.rexx 2>stderr.txt) || true
    assert_equals "$2" "$got" "$1 under regina ($(head -c 2000 stderr.txt))"
}
