/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/merge.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_VM, {NULL}};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    {"TARGET", "what the changes went down into: a base's name, a layer's id or a file's path"},
    {"DURATION", "how many milliseconds it took"},
    {NULL}};

const struct aq_verb aq_verb_commit = {
    .name = "commit",
    .group = "Snapshots",
    .summary = "Take a VM's changes down into what it stands on",
    .details =
        "Of a VM on a base, the base gets the changes, for all later clones; the VM stands on it with none "
        "of its own. Of a "
        "VM on the layer that `clone vm=` made of its disk, the two become one again. Refused while anything "
        "else stands on the same image, which the error names; for a VM that runs or has snapshots; and for "
        "layers that "
        "were built from a spec.",
    .params = params,
    .sets = sets,
    .example = "commit name=golden",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    aq_deadline started = aq_now();
    aq_autoparent struct aq_parent into = {0};
    aq_autovm struct aq_vm vm = {0};
    if (aq_vm_commit(name, &into, err) < 0 || aq_vm_load(name, &vm, err) < 0)
        return -1;
    aq_autofree char *what = aq_parent_text(&into);
    aq_result_set_text(call->result, "TARGET", into.name);
    aq_result_set_int(call->result, "DURATION", (aq_now() - started) / 1000000);
    aq_result_say(call->result, "the changes of %s went down into %s", name, what);
    return aq_set_vm_fields(call->result, &vm, NULL, err);
}
