/* SPDX-License-Identifier: MIT */
/* A REXX script in a guest, from a verb: what `provision` and `execute_rexx` share. */
#ifndef AQ_VERBS_GUEST_SCRIPT_H
#define AQ_VERBS_GUEST_SCRIPT_H

#include "command/verb.h"
#include "guest/channel.h"
#include "vm/vm.h"

#define AQ_SCRIPT_MAX (64 << 20) /* bytes */

/* How long a script may run unless somebody says otherwise. */
#define AQ_SCRIPT_RUN_MS 3600000

/* A script that has been brought into a guest. `path` is owned; it has a folder of its own. */
struct aq_guest_script {
    const struct aq_vm *vm;
    const char *rexx; /* what runs it, in the guest */
    const char *args; /* its argument string; NULL: none */
    int64_t timeout_ms;
    char *path;
};

/* Opens a script on the host and judges its size: a descriptor to close. As aq_open_input; LIMIT_EXCEEDED. */
int aq_script_open(const char *path, struct aq_error *err);

/* Brings the contents of the open file there, under `name` in a folder that only root can enter. */
int aq_guest_script_place(struct aq_channel *channel, int fd, const char *name,
                          struct aq_guest_script *script, struct aq_error *err);

/* Runs it, as aq_guest_command, with the parameters `stream` and `max_output` of the call, and answers its
   CHECKPOINTs (verbs/checkpoints.h); and removes it as far as the guest can still be told.
   CHECKPOINT_ABORTED.
 */
int aq_guest_script_run(struct aq_call *call, struct aq_channel *channel, struct aq_guest_script *script,
                        struct aq_error *err);

void aq_guest_script_free(struct aq_guest_script *script);

#endif
