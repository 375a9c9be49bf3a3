/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "command/verb.h"
#include "guest/checkpoint_line.h"
#include "vm/checkpoint.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"vm", AQ_TYPE_NAME, .required = true, .aliases = "name", .meaning = "the VM that the script runs in"},
    {"action", AQ_TYPE_CHOICE, .required = true, .choices = "continue|pause|abort",
     .meaning = "what its next CHECKPOINT, or the one that is held, is answered with"},
    {"stream", AQ_TYPE_NAME,
     .meaning = "which script, as `checkpoint_status` lists them; the only one there is unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"STREAM", "the script's stream"},
    {"ACTION", "what it will be told"},
    {NULL},
};

const struct aq_verb aq_verb_checkpoint_answer = {
    .name = "checkpoint_answer",
    .group = "Guests",
    .summary = "Tell a script in a guest to pause, to continue or to abort",
    .details =
        "The script may be run by any process of this store. It learns of it at its next CHECKPOINT. `pause` "
        "holds it there until `continue` or `abort` is said; with `abort` its CHECKPOINT returns `abort`, "
        "and "
        "if it has not ended `abort_grace` later it is ended.",
    .params = params,
    .sets = sets,
    .example = "checkpoint_answer vm=web action=pause",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *vm = aq_arg_text(call, "vm"), *action = aq_arg_text(call, "action");
    enum aq_checkpoint_answer answer = AQ_CHECKPOINT_CONTINUE;
    char stream[AQ_STREAM_ID];
    aq_checkpoint_answer_find(action, strlen(action), &answer);
    if (aq_checkpoint_stream_tell(vm, aq_arg_text(call, "stream"), answer, stream, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm);
    aq_result_set_text(call->result, "STREAM", stream);
    aq_result_set_text(call->result, "ACTION", aq_checkpoint_answer_name(answer));
    aq_result_say(call->result, "the script %s in the VM %s is told to %s", stream, vm,
                  aq_checkpoint_answer_name(answer));
    return 0;
}
