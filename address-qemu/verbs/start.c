/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err);
static int run_if_stopped(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"discard_state", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "boot though the VM has a saved state, which is lost"},
    {NULL},
};
static const struct aq_field sets[] = {AQ_VM_FIELDS, AQ_PORT_FIELDS, {NULL}};

const struct aq_verb aq_verb_start = {
    .name = "start",
    .group = "VMs",
    .summary = "Start a stopped VM",
    .details = "Returns when QEMU runs; `wait` waits for the guest. The base is checked first to be the very "
               "disk that was "
               "registered.",
    .params = params,
    .sets = sets,
    .example = "start name=web",
    .run = run,
};

static const struct aq_field sets_if_stopped[] = {
    AQ_VM_FIELDS, AQ_PORT_FIELDS, {"SKIPPED", "1 when it was running (or paused) already"}, {NULL}};

const struct aq_verb aq_verb_start_if_stopped = {
    .name = "start_if_stopped",
    .group = "VMs",
    .summary = "Start a VM unless it runs already",
    .params = params,
    .sets = sets_if_stopped,
    .example = "start_if_stopped name=web",
    .run = run_if_stopped,
};

static int say_started(struct aq_call *call, const struct aq_vm *vm, const struct aq_run *run,
                       struct aq_error *err)
{
    aq_set_port_rows(call->result, run);
    aq_result_say(call->result, "started %s (process %d, %s%s%s)", vm->name, run->process.pid,
                  aq_accel_name(run->accel), run->accel_reason[0] != '\0' ? ": " : "", run->accel_reason);
    return aq_set_vm_fields(call->result, vm, run, err);
}

static int load(struct aq_call *call, struct aq_vm *vm, struct aq_error *err)
{
    if (aq_vm_load(aq_arg_text(call, "name"), vm, err) < 0)
        return -1;
    return aq_arg_bool(call, "discard_state") ? aq_vm_discard_state(vm, err) : 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (load(call, &vm, err) < 0 || aq_vm_start(&vm, &run, err) < 0)
        return -1;
    return say_started(call, &vm, &run, err);
}

/* The start itself tells, so that of several at once one starts it and the others see it running. */
static int run_if_stopped(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    struct aq_error reason = {0};
    if (load(call, &vm, err) < 0)
        return -1;
    bool skipped = aq_vm_start(&vm, &run, &reason) < 0;
    if (skipped && reason.code != AQ_E_VM_RUNNING)
        return aq_fail(err, reason.code, "%s", reason.text);
    aq_result_set_bool(call->result, "SKIPPED", skipped);
    if (!skipped)
        return say_started(call, &vm, &run, err);
    aq_set_port_rows(call->result, &run);
    aq_result_say(call->result, "%s is %s already", vm.name, aq_run_status(&vm, &run));
    return aq_set_vm_fields(call->result, &vm, &run, err);
}
