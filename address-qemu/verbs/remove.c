/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"force", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "also when it is running"},
    {NULL},
};

static const struct aq_field sets[] = {{"VM", "the VM that is gone"}, {"NAME", "the same"}, {NULL}};

const struct aq_verb aq_verb_remove = {
    .name = "remove",
    .aliases = "remove_vm",
    .group = "VMs",
    .summary = "Remove a VM and its disk",
    .params = params,
    .sets = sets,
    .example = "remove name=web force=true",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    if (aq_vm_remove(name, aq_arg_bool(call, "force"), err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", name);
    aq_result_set_text(call->result, "NAME", name);
    aq_result_say(call->result, "removed %s", name);
    return 0;
}
