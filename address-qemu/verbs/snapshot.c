/* SPDX-License-Identifier: MIT */
#include "verbs/snapshot_fields.h"
#include "vm/guest_care.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    AQ_PARAM_SNAPSHOT,
    {"memory", AQ_TYPE_BOOLEAN,
     .meaning = "with RAM and devices, so that `restore` goes on where it was; unless given: if it runs"},
    {"quiesce", AQ_TYPE_BOOLEAN,
     .meaning = "have the guest write all it holds to its disk first; unless given: for a running VM's disk "
                "alone, if the guest answers at once"},
    AQ_PARAM_SNAPSHOT_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"NAME", "the same"},
    {"SNAPSHOT", "the snapshot's name"},
    {"MEMORY", "1 when it has the VM's memory"},
    {"QUIESCED", "1 when the guest wrote its disk first"},
    {"DURATION", "how many milliseconds it took"},
    {NULL},
};

const struct aq_verb aq_verb_snapshot = {
    .name = "snapshot",
    .group = "Snapshots",
    .summary = "Take a snapshot of a VM, running or stopped",
    .details =
        "It is kept in the VM's own disk. With memory the VM stands still meanwhile; of the disk alone "
        "it takes milliseconds, but can only be restored when the VM is stopped.",
    .params = params,
    .sets = sets,
    .example = "snapshot name=web snapshot_name=before-upgrade",
    .run = run,
};

enum { AT_ONCE_MS = 1500, QUIESCE_MS = 6000 };

/* A snapshot with memory needs no quiet guest: what is not on its disk is in its memory. 1 done, 0 not. */
static int quiesce(struct aq_call *call, const struct aq_vm *vm, bool disk_only, struct aq_error *err)
{
    struct aq_run run = {0};
    int running = aq_run_read(vm, &run, err);
    bool wanted = aq_arg_bool(call, "quiesce"), asked = aq_arg_given(call, "quiesce");
    if (running <= 0 || (asked && !wanted) || (!asked && (!disk_only || run.paused)))
        return running < 0 ? -1 : 0;
    if (!asked) {
        struct aq_error ignored = {0};
        return aq_guest_sync(vm, aq_after_ms(AT_ONCE_MS), &ignored) == 0;
    }
    if (aq_run_need_awake(vm, &run, err) < 0 || aq_guest_sync(vm, aq_after_ms(QUIESCE_MS), err) < 0)
        return aq_error_context(err, "the guest of VM %s cannot be made to write its disk first", vm->name);
    return 1;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "snapshot_name");
    aq_autovm struct aq_vm vm = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    enum aq_snapshot_memory memory = !aq_arg_given(call, "memory") ? AQ_SNAPSHOT_AUTO
                                     : aq_arg_bool(call, "memory") ? AQ_SNAPSHOT_MEMORY
                                                                   : AQ_SNAPSHOT_DISK;
    int quiesced = quiesce(call, &vm, memory == AQ_SNAPSHOT_DISK, err);
    bool with_memory = false;
    aq_deadline started = aq_now();
    if (quiesced < 0 ||
        aq_vm_snapshot(&vm, name, memory, aq_after_ms(aq_arg_number(call, "timeout")), &with_memory, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_result_set_text(call->result, "NAME", vm.name);
    aq_result_set_text(call->result, "SNAPSHOT", name);
    aq_result_set_bool(call->result, "MEMORY", with_memory);
    aq_result_set_bool(call->result, "QUIESCED", quiesced);
    aq_result_set_int(call->result, "DURATION", (aq_now() - started) / 1000000);
    aq_result_say(call->result, "took the snapshot %s of %s%s", name, vm.name,
                  with_memory ? ", with its memory" : "");
    return 0;
}
