/* SPDX-License-Identifier: MIT */
#include "verbs/snapshot_fields.h"
#include "vm/guest_care.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_VM, AQ_PARAM_SNAPSHOT, AQ_PARAM_SNAPSHOT_TIMEOUT, {NULL}};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    AQ_PORT_FIELDS,
    {"SNAPSHOT", "the snapshot's name"},
    {"CLOCK_SET", "for a VM that runs: 1 when the guest answered and its clock was set to the host's"},
    {NULL},
};

const struct aq_verb aq_verb_restore = {
    .name = "restore",
    .group = "Snapshots",
    .summary = "Put a VM back to a snapshot",
    .details =
        "One with memory goes on where it was, also when the VM was stopped. One of the disk alone wants "
        "a stopped VM, which stays stopped. What happened since the snapshot is lost unless another "
        "snapshot has it.",
    .params = params,
    .sets = sets,
    .example = "restore name=web snapshot_name=before-upgrade",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "snapshot_name");
    aq_deadline deadline = aq_after_ms(aq_arg_number(call, "timeout"));
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    int running = aq_vm_snapshot_restore(&vm, name, deadline, &run, err);
    if (running < 0)
        return -1;
    aq_result_set_text(call->result, "SNAPSHOT", name);
    if (running > 0) {
        aq_result_set_bool(call->result, "CLOCK_SET", !run.paused && aq_guest_set_clock(&vm));
        aq_set_port_rows(call->result, &run);
    }
    aq_result_say(call->result, "%s is back at %s, and %s", vm.name, name,
                  aq_run_status(&vm, running > 0 ? &run : NULL));
    return aq_set_vm_fields(call->result, &vm, running > 0 ? &run : NULL, err);
}
