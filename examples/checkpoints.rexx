#!/usr/bin/env rexx
/* A script in a guest tells how far it is, and is stopped when that is far enough.
   checkpoints.rexx [BASE] */
PARSE ARG base .
IF base = '' THEN base = 'micro'
SIGNAL ON ERROR NAME failed
ADDRESS QEMU "clone base={base} name=worker"

script = 'do i = 1 to 20; if checkpoint("count", i, 20) = "abort" then exit 3; "sleep 0.1"; end'
enough = 5
CALL ON ERROR NAME ended
ADDRESS QEMU "execute_rexx vm=worker script={{script}} progress_callback=watch"
SIGNAL ON ERROR NAME failed
ADDRESS QEMU "remove name=worker force=true"
EXIT 0

/* Called by the command above at each CHECKPOINT; what it returns is the answer. */
watch:
  PARSE ARG stage, done, all, text, vm
  SAY vm':' stage done 'of' all
  IF done = enough THEN RETURN 'abort'
  RETURN 'continue'

ended:
  SAY 'the script ended with' QEMU_EXIT_CODE 'after' QEMU_CHECKPOINT_COUNT 'checkpoints, told to' QEMU_CHECKPOINT_ACTION
  RETURN

failed:
  SAY QEMU_ERROR_CODE':' QEMU_ERROR
  EXIT 1
