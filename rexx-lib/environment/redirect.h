/* SPDX-License-Identifier: MIT */
/*
 * ADDRESS QEMU command WITH INPUT, OUTPUT and ERROR … Regina reads that clause and tells a handler like ours
 * nothing of it, so the function QEMUWITH does: (command, stream, mode, kind, name, …) is the command, and
 * what follows holds for it; (, environment, stream, …) is the environment, and it holds from now on.
 *
 * Output is what a guest's command wrote, or QEMU_OUTPUT; error what it wrote there, and QEMU_ERROR of a
 * command that could not be done. Kinds are those of Regina: STEM, STREAM, FIFO, LIFO, NORMAL.
 */
#ifndef AQ_ENVIRONMENT_REDIRECT_H
#define AQ_ENVIRONMENT_REDIRECT_H

#include "address-qemu/address-qemu.h"
#include "util/memory.h"

/* The variable that a command's `stdin=` refers to when its input is redirected. No script can have one of
 * that name. */
#define AQ_REDIRECT_INPUT "REXXQEMU!INPUT"

/* Before a command: what holds for it is taken, and its input read. `command` is appended to with what it
 * needs for that. 0, or -1 with *problem saying why the command cannot be run. */
int aq_redirect_begin(struct aq_buffer *command, const char **problem);

/* Does any redirection hold for the next command? */
bool aq_redirect_is_there(void);

/* The input that was read. */
const char *aq_redirect_input(size_t *length);

/* Output as it comes: true if it is not to be shown. */
bool aq_redirect_takes(enum aq_stream stream, const char *bytes, size_t length);

/* After it, with what came of it. False with *problem if it could not be delivered. */
bool aq_redirect_end(const aq_result *result, const char **problem);

#endif
