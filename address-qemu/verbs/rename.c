/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"new_name", AQ_TYPE_NAME, .required = true, .aliases = "to", .meaning = "what it is to be called"},
    {NULL},
};

static const struct aq_field sets[] = {AQ_VM_FIELDS, {NULL}};

const struct aq_verb aq_verb_rename = {
    .name = "rename",
    .group = "VMs",
    .summary = "Give a stopped VM another name",
    .details = "Its disk, identity and snapshots stay. Its guest learns the new host name at its next start, "
               "if it takes it from DHCP.",
    .params = params,
    .sets = sets,
    .example = "rename name=web new_name=web-old",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name"), *new_name = aq_arg_text(call, "new_name");
    aq_autovm struct aq_vm vm = {0};
    if (aq_vm_rename(name, new_name, err) < 0 || aq_vm_load(new_name, &vm, err) < 0)
        return -1;
    aq_result_say(call->result, "%s is called %s from now on", name, new_name);
    return aq_set_vm_fields(call->result, &vm, NULL, err);
}
