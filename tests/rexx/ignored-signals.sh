#!/bin/bash
# A signal that is ignored when the runner is started (nohup; a shell's background job) stays ignored, whether a command
# runs or not, and also by what the script starts.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >going-on.rexx <<'REXX'
parse arg with_commands
if with_commands then address qemu 'ping'
say 'ready'
do until stream('go.on', 'c', 'query exists') \== ''
    if with_commands then address qemu 'ping'
end
address system 'kill -HUP $$; echo "the child went on"'
say 'went on'
exit 5
REXX
for with_commands in 0 1; do
    for signal in HUP INT TERM QUIT; do
        rm -f go.on out.txt # what the last one said is no sign that this one is ready
        # HUP for the child of the script, in any case
        env --default-signal=INT,TERM,QUIT --ignore-signal=HUP,$signal \
            rexx ./going-on.rexx $with_commands >out.txt 2>err.txt &
        pid=$!
        wait_until 20 grep -qs ready out.txt
        kill -$signal $pid
        sleep 0.2
        : >go.on
        code=0
        wait $pid || code=$?
        assert_equals 5 $code "SIG$signal, commands: $with_commands: $(cat err.txt)"
        assert_equals 'ready
the child went on
went on' "$(cat out.txt)"
    done
done
