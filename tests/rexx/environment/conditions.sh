#!/bin/bash
# A command that fails raises ERROR, never FAILURE, and leaves RC.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"

cat >signal.rexx <<'REXX'
signal on failure
signal on error
address qemu 'ping'
say 'went on' rc
address qemu "help nothing"
say 'not here'
error:
say 'error' rc sigl condition('C') condition('I') '['condition('D')']' qemu_error_code
exit
failure: say 'failure'
REXX
both signal.rexx 'went on 0
error 3 6 ERROR SIGNAL [help nothing] HELP_NOT_FOUND'

cat >call.rexx <<'REXX'
call on error name problem
address qemu "help nothing"
say 'went on' rc
address qemu "nonsense"
say 'and on' rc
exit
problem: say 'problem' rc qemu_error_code; return
REXX
both call.rexx 'problem 3 HELP_NOT_FOUND
went on 3
problem 2 VERB_UNKNOWN
and on 2'
