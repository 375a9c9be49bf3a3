/* SPDX-License-Identifier: MIT */
#include "verbs/snapshot_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_VM, AQ_PARAM_SNAPSHOT, AQ_PARAM_SNAPSHOT_TIMEOUT, {NULL}};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"}, {"NAME", "the same"}, {"SNAPSHOT", "the snapshot that is gone"}, {NULL}};

const struct aq_verb aq_verb_remove_snapshot = {
    .name = "remove_snapshot",
    .aliases = "delete_snapshot",
    .group = "Snapshots",
    .summary = "Remove a snapshot; the VM stays as it is",
    .params = params,
    .sets = sets,
    .example = "remove_snapshot name=web snapshot_name=before-upgrade",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "snapshot_name");
    aq_autovm struct aq_vm vm = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0 ||
        aq_vm_snapshot_remove(&vm, name, aq_after_ms(aq_arg_number(call, "timeout")), err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_result_set_text(call->result, "NAME", vm.name);
    aq_result_set_text(call->result, "SNAPSHOT", name);
    aq_result_say(call->result, "removed the snapshot %s of %s", name, vm.name);
    return 0;
}
