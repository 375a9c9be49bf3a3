/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run_pause(struct aq_call *call, struct aq_error *err);
static int run_resume(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_VM, {NULL}};
static const struct aq_field sets[] = {AQ_VM_FIELDS, {"SKIPPED", "1 when it was so already"}, {NULL}};

const struct aq_verb aq_verb_pause = {
    .name = "pause",
    .group = "VMs",
    .summary = "Make a running VM stand still",
    .details = "Its CPUs stop, its memory stays. Commands for its guest are refused until `resume`.",
    .params = params,
    .sets = sets,
    .example = "pause name=web",
    .run = run_pause,
};

const struct aq_verb aq_verb_resume = {
    .name = "resume",
    .group = "VMs",
    .summary = "Make a paused VM go on",
    .params = params,
    .sets = sets,
    .example = "resume name=web",
    .run = run_resume,
};

static int set_paused(struct aq_call *call,
                      int (*set)(const struct aq_vm *, struct aq_run *, bool *, struct aq_error *),
                      struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    bool changed = false;
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0 || set(&vm, &run, &changed, err) < 0)
        return -1;
    aq_result_set_bool(call->result, "SKIPPED", !changed);
    aq_result_say(call->result, "%s is %s%s", vm.name, aq_run_status(&vm, &run), changed ? "" : " already");
    return aq_set_vm_fields(call->result, &vm, &run, err);
}

static int run_pause(struct aq_call *call, struct aq_error *err)
{
    return set_paused(call, aq_vm_pause, err);
}

static int run_resume(struct aq_call *call, struct aq_error *err)
{
    return set_paused(call, aq_vm_resume, err);
}
