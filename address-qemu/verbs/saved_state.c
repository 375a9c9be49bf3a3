/* SPDX-License-Identifier: MIT */
#include "verbs/snapshot_fields.h"
#include "vm/guest_care.h"
#include "vm/lifecycle.h"

static int run_save(struct aq_call *call, struct aq_error *err);
static int run_restore(struct aq_call *call, struct aq_error *err);

static const struct aq_param save_params[] = {AQ_PARAM_VM, AQ_PARAM_SNAPSHOT_TIMEOUT, {NULL}};
static const struct aq_field save_sets[] = {AQ_VM_FIELDS, {NULL}};

const struct aq_verb aq_verb_save_state = {
    .name = "save_state",
    .group = "VMs",
    .summary = "Put a running VM away, to go on later",
    .details = "Its memory and devices are kept in its disk, and its process ends. `start` then refuses: "
               "`restore_state` goes on.",
    .params = save_params,
    .sets = save_sets,
    .example = "save_state name=web",
    .run = run_save,
};

static const struct aq_param restore_params[] = {AQ_PARAM_VM, {NULL}};

static const struct aq_field restore_sets[] = {
    AQ_VM_FIELDS,
    AQ_PORT_FIELDS,
    {"CLOCK_SET", "1 when the guest answered and its clock was set to the host's"},
    {NULL},
};

const struct aq_verb aq_verb_restore_state = {
    .name = "restore_state",
    .group = "VMs",
    .summary = "Let a saved VM go on where it was",
    .details = "The state is used up by that. When it cannot be loaded (another QEMU, changed settings), the "
               "VM stays saved.",
    .params = restore_params,
    .sets = restore_sets,
    .example = "restore_state name=web",
    .run = run_restore,
};

static int run_save(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    aq_autovm struct aq_vm vm = {0}, saved = {0};
    if (aq_vm_load(name, &vm, err) < 0 ||
        aq_vm_save_state(&vm, aq_after_ms(aq_arg_number(call, "timeout")), err) < 0 ||
        aq_vm_load(name, &saved, err) < 0)
        return -1;
    aq_result_say(call->result, "%s is saved; `restore_state` goes on where it was", name);
    return aq_set_vm_fields(call->result, &saved, NULL, err);
}

static int run_restore(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0 || aq_vm_restore_state(&vm, &run, err) < 0)
        return -1;
    aq_result_set_bool(call->result, "CLOCK_SET", aq_guest_set_clock(&vm));
    aq_set_port_rows(call->result, &run);
    aq_result_say(call->result, "%s goes on where it was at %s (process %d, %s)", vm.name, vm.saved,
                  run.process.pid, aq_accel_name(run.accel));
    return aq_set_vm_fields(call->result, &vm, &run, err);
}
