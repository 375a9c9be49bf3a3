/* SPDX-License-Identifier: MIT */
/* A command in a guest, from a verb: its output streamed if asked for, kept, and made fields. */
#ifndef AQ_VERBS_GUEST_COMMAND_H
#define AQ_VERBS_GUEST_COMMAND_H

#include "command/verb.h"
#include "guest/channel.h"
#include "vm/vm.h"

/* How much of each stream is kept unless a verb says otherwise. */
#define AQ_OUTPUT_KEPT "256M"

#define AQ_PARAM_MAX_OUTPUT                                                                                  \
    {                                                                                                        \
        "max_output", AQ_TYPE_SIZE,                                                                          \
            .fallback = AQ_OUTPUT_KEPT, .min = 1,                                                            \
            .meaning =                                                                                       \
                "how much of each of stdout and stderr to keep; the rest is dropped (and streamed, if "      \
                "that was asked for)"                                                                        \
    }

#define AQ_GUEST_COMMAND_FIELDS                                                                              \
    {"EXIT_CODE", "the command's exit code; 128 and the signal when one ended it"},                          \
        {"STDOUT", "what it wrote to standard output"}, {"STDERR", "what it wrote to standard error"},       \
        {"STDOUT_LINES.n", "each line of that"}, {"STDERR_LINES.n", "each line of that"},                    \
        {"TRUNCATED", "1 when more was written than `max_output` keeps"},                                    \
    {                                                                                                        \
        "DURATION", "how many milliseconds it ran"                                                           \
    }

/* Runs it in that VM and sets those fields, also when it fails. The exec's output members are filled in here.
   `stream`: pass the output on as it comes. A code other than 0 is GUEST_COMMAND_FAILED with the end of its
   standard error. */
int aq_guest_command(struct aq_call *call, const struct aq_vm *vm, struct aq_channel *channel,
                     struct aq_guest_exec *exec, bool stream, struct aq_error *err);

#endif
