/* SPDX-License-Identifier: MIT */
/*
 * The host's end of CHECKPOINT, for the verbs that run scripts in guests: takes what the script says, shows
 * it, keeps it as rows and where other processes see it, and answers. The answer is that of the caller's
 * routine
 * (`progress_callback`) and of `checkpoint_answer` from any process: abort goes before pause, pause before
 * continue.
 *
 * All of it is the guest's word: lines are capped (guest/side.h), so are the rows that are kept, and what is
 * shown or written to disk comes at most ten times a second.
 */
#ifndef AQ_VERBS_CHECKPOINTS_H
#define AQ_VERBS_CHECKPOINTS_H

#include "command/verb.h"
#include "guest/channel.h"
#include "vm/vm.h"

#define AQ_CHECKPOINT_ROWS 10000

#define AQ_PARAM_PROGRESS_CALLBACK                                                                           \
    {                                                                                                        \
        "progress_callback", AQ_TYPE_TEXT,                                                                   \
            .meaning =                                                                                       \
                "a routine of the calling script, called at each CHECKPOINT with stage, current, total, "    \
                "text and VM; it may return `pause` or `abort`. `true` and `false` name none"                \
    }

#define AQ_PARAM_ABORT_GRACE                                                                                 \
    {                                                                                                        \
        "abort_grace", AQ_TYPE_DURATION,                                                                     \
            .fallback = "10s",                                                                               \
            .meaning = "how long a script that was told to abort may take to end by itself"                  \
    }

#define AQ_CHECKPOINT_PARAMS AQ_PARAM_PROGRESS_CALLBACK, AQ_PARAM_ABORT_GRACE

#define AQ_CHECKPOINT_FIELDS                                                                                 \
    {"CHECKPOINT_COUNT", "how often the script has said CHECKPOINT"},                                        \
        {"CHECKPOINT_ACTION", "what it was told last: `continue` or `abort`"},                               \
    {                                                                                                        \
        "CHECKPOINTS.n.STAGE", "what it said, the last 10,000 times; also `CURRENT`, `TOTAL`, `TEXT`, "      \
                               "`ACTION` (what it was told) and `MS` (since its start)"                      \
    }

struct aq_checkpoints;

/* Is there such a routine to be called, as far as that can be known before? VALUE_INVALID, NOT_SUPPORTED. */
int aq_checkpoints_check(const struct aq_call *call, struct aq_error *err);

/* For a script called `script` that is about to run in the VM. The call and the VM outlive it. */
struct aq_checkpoints *aq_checkpoints_open(struct aq_call *call, const struct aq_vm *vm, const char *script,
                                           struct aq_error *err);

/* For the command that runs it. */
struct aq_guest_side *aq_checkpoints_side(struct aq_checkpoints *checkpoints);

/* Sets the fields and is gone. NULL is fine. */
void aq_checkpoints_close(struct aq_checkpoints *checkpoints);

#endif
