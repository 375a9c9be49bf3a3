/* SPDX-License-Identifier: MIT */
/*
 * A command that may call a routine of the script that runs it (`progress_callback`). Such a routine may
 * EXIT, fail, or be ended by Ctrl-C, and Regina then leaves by longjmp all that was under way. So the command
 * itself runs on a thread of its own, while the interpreter's thread waits for it and lends itself for what
 * only it can do: call the routine, look up a variable. If the interpreter leaves, the command still stands,
 * and is brought to its end: as if it had been interrupted, with all the clearing up that this means.
 */
#ifndef AQ_ENVIRONMENT_WORKER_H
#define AQ_ENVIRONMENT_WORKER_H

#include <stdbool.h>

#include "address-qemu/address-qemu.h"

/* Does the command's text speak of a routine to be called? */
bool aq_worker_is_wanted(const char *command, size_t length);

/* As aq_run, with these call backs, each of them on the calling thread (but for `output`). */
aq_result *aq_worker_run(const struct aq_callbacks *callbacks, const char *command, size_t length);

/* Ends a command of this thread that the interpreter has left. Cheap when there is none. */
void aq_worker_finish(void);

#endif
