# shellcheck shell=bash
# What the scripts share. They run in the root of the checkout.

# build PRESET [CMAKE-BUILD-ARG …]: configures and builds; says one line, or all of it when it fails.
build() {
    local preset=$1 log started=$SECONDS
    shift
    mkdir -p "build/$preset"
    log=build/$preset/build.log
    echo "building build/$preset"
    if ! { cmake --preset "$preset" && cmake --build --preset "$preset" "$@"; } >"$log" 2>&1; then
        cat "$log" >&2
        echo "the build failed; what it said is above and in $log" >&2
        return 1
    fi
    [ $((SECONDS - started)) -lt 5 ] || echo "built in $((SECONDS - started)) s"
}
