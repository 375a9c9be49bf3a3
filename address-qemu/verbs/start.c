/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0 || aq_vm_start(&vm, &run, err) < 0)
        return -1;
    aq_set_port_rows(call->result, &run);
    aq_result_say(call->result, "started %s (process %d, %s%s%s)", vm.name, run.process.pid,
                  aq_accel_name(run.accel), run.accel_reason[0] != '\0' ? ": " : "", run.accel_reason);
    return aq_set_vm_fields(call->result, &vm, &run, err);
}

static const struct aq_param params[] = {AQ_PARAM_VM, {NULL}};
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
