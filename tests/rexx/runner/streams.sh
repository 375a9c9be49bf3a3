#!/bin/bash
# Standard streams in every bad state: closed, full, cut off in the middle. What a script prints never ends up in something
# of ours that has got the number of a closed one; and the runner and regina do the same.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
guest=$BUILD_DIR/libexec/address-qemu/rexx-guest

# Nobody else has their numbers, whatever the script has had us open.
cat >numbers.rexx <<'REXX'
address qemu 'list'
call lineout 'mine.txt', 'mine'
say 'said'
call lineout '<stderr>', 'said'
call lineout 'mine.txt'
'for n in 0 1 2; do readlink /proc/$PPID/fd/$n; done >numbers.txt'
REXX
{ printf '%s\n' "$LOAD"; cat numbers.rexx; } >loaded.rexx
for run in 'rexx numbers.rexx' "$guest ./numbers.rexx" "${stock[*]} ./loaded.rexx"; do
    rm -f mine.txt
    # shellcheck disable=SC2086 # a command line
    $run <&- >&- 2>&- || fail "$run ended with $?"
    assert_equals mine "$(cat mine.txt)" "$run"
    assert_equals '/ / /' "$(paste -sd ' ' numbers.txt)" "$run"
    rm mine.txt
    # shellcheck disable=SC2086
    $run <&- >out.txt 2>&-
    assert_equals "/ $PWD/out.txt /" "$(paste -sd ' ' numbers.txt)" "$run"
done

# same WANTED SCRIPT REDIRECTIONS: both end with that, and say the same on standard error
same() {
    local wanted=$1 script=$2 code runner
    for runner in rexx "$guest" regina; do
        code=0
        eval "$runner ./$script $3" || code=$?
        assert_equals "$wanted" "$code" "$runner $script $3"
        [ ! -e err.txt ] || mv err.txt "${runner##*/}.err"
    done
    [ ! -e rexx.err ] || { cmp rexx.err regina.err && cmp rexx-guest.err regina.err && rm -- *.err; }
}
printf 'say 1\nsay 2\nexit 3\n' >plain.rexx
printf 'say 1\npull a\nparse linein c\nsay "["a"]["c"]"\nexit 4\n' >reads.rexx
printf "say 1\n'echo from the shell'\nexit rc\n" >shell.rexx
printf 'do i = 1 to 100000\n  say "line" i\nend\n' >lines.rexx
same 3 plain.rexx '>&- 2>err.txt'
same 3 plain.rexx '>/dev/full 2>err.txt'
same 0 lines.rexx '>/dev/full 2>err.txt'
same 3 plain.rexx '2>&- >/dev/null'
same 4 reads.rexx '<&- 2>err.txt >/dev/null'
same 4 reads.rexx '</dev/null 2>err.txt >/dev/null'
same 0 shell.rexx '<&- >/dev/null'
# Whoever reads goes away: SIGPIPE ends it, and nothing is said.
for runner in rexx "$guest" regina; do
    code=0
    { "$runner" ./lines.rexx 2>err.txt || echo $? >code; } | head -n 1 >first.txt
    assert_equals 'line 1 141 ' "$(cat first.txt) $(cat code) $(cat err.txt)" "$runner"
done

# What the runner itself prints is printed, or the exit status tells.
for word in --help --version '--translate plain.rexx'; do
    # shellcheck disable=SC2086
    for runner in rexx "$guest"; do
        assert_code 1 "$runner" $word >/dev/full 2>err.txt
        assert_contains "$(cat err.txt)" 'cannot write to standard output: No space left'
        assert_code 1 "$runner" $word >&- 2>err.txt
        assert_contains "$(cat err.txt)" 'cannot write to standard output: Bad file descriptor'
    done
done

# Standard input as the script, when there is none.
for runner in rexx "$guest"; do
    for word in - --stdin '--stdin-until END' '--translate -'; do
        # shellcheck disable=SC2086
        assert_code 253 "$runner" $word <&- >out.txt 2>&1
        assert_contains "$(cat out.txt)" 'Bad file descriptor'
        # shellcheck disable=SC2086
        assert_code 253 "$runner" $word <. >out.txt 2>&1
        assert_contains "$(cat out.txt)" 'Is a directory'
    done
    assert_code 1 "$runner" --check - <&- 2>err.txt
    assert_equals '<stdin>:1: Bad file descriptor' "$(cat err.txt)"
done
