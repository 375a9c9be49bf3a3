/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    enum aq_stop how = AQ_STOP_CLEAN;
    enum aq_stop wish = aq_arg_bool(call, "force") ? AQ_STOP_FORCED : AQ_STOP_CLEAN;
    if (aq_vm_stop(&vm, wish, aq_after_ms(aq_arg_number(call, "timeout")), &how, err) < 0)
        return -1;
    aq_result_set_bool(call->result, "FORCED", how == AQ_STOP_FORCED);
    if (how == AQ_STOP_CLEAN)
        aq_result_say(call->result, "stopped %s", vm.name);
    else if (wish == AQ_STOP_FORCED)
        aq_result_say(call->result, "stopped %s by force", vm.name);
    else
        aq_result_say(call->result, "stopped %s by force: the guest did not power off within the timeout",
                      vm.name);
    return aq_set_vm_fields(call->result, &vm, NULL, err);
}

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"force", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "pull the plug instead of asking the guest"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "60",
     .meaning = "how long the guest has to power off; then the plug is pulled"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS, {"FORCED", "1 when the guest did not power off by itself"}, {NULL}};

const struct aq_verb aq_verb_stop = {
    .name = "stop",
    .group = "VMs",
    .summary = "Stop a running VM",
    .details = "The guest is asked to power off, by what listens in it and by its power button; when it has "
               "not done so "
               "within `timeout`, QEMU is ended, and `QEMU_FORCED` is 1.",
    .params = params,
    .sets = sets,
    .example = "stop name=web timeout=30",
    .run = run,
};
