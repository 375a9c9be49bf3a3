/* SPDX-License-Identifier: MIT */
#include "command/verb.h"
#include "image/base.h"
#include "vm/vm.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .required = true, .positional = true, .aliases = "base", .meaning = "the base"},
    {NULL},
};

static const struct aq_field sets[] = {{"NAME", "the base's name"}, {NULL}};

const struct aq_verb aq_verb_remove_base = {
    .name = "remove_base",
    .group = "Bases",
    .summary = "Forget a base",
    .details = "Refused while VMs stem from it; the error names them. The disk's file stays, unless it is "
               "the store's own "
               "(`copy=true`, `create_base`).",
    .params = params,
    .sets = sets,
    .example = "remove_base name=debian",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    aq_result_set_text(call->result, "NAME", name);
    if (aq_base_remove(name, aq_vm_dependents, err) < 0)
        return -1;
    aq_result_say(call->result, "base %s is no longer registered", name);
    return 0;
}
