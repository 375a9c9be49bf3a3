/* SPDX-License-Identifier: MIT */
#include "verbs/snapshot_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    AQ_PARAM_SNAPSHOT,
    {"memory", AQ_TYPE_BOOLEAN,
     .meaning = "with RAM and devices, so that `restore` goes on where it was; unless given: if it runs"},
    AQ_PARAM_QUIESCE,
    AQ_PARAM_SNAPSHOT_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"NAME", "the same"},
    {"SNAPSHOT", "the snapshot's name"},
    {"MEMORY", "1 when it has the VM's memory"},
    {"QUIESCED",
     "1 when the guest had written everything to its disk, and of the disk alone: was frozen meanwhile"},
    {"DURATION", "how many milliseconds it took"},
    {NULL},
};

const struct aq_verb aq_verb_snapshot = {
    .name = "snapshot",
    .group = "Snapshots",
    .summary = "Take a snapshot of a VM, running or stopped",
    .details =
        "It is kept in the VM's own disk. With memory the VM stands still meanwhile; of the disk alone "
        "it takes milliseconds, but can only be restored when the VM is stopped.\n\n"
        "With `quiesce` the guest writes all that it holds and writes no more while the snapshot of its disk "
        "is taken "
        "(fsfreeze); unless given, that is done if it answers at once. Nothing leaves it frozen: it goes on "
        "by itself should "
        "this process be killed. A snapshot with memory has what is not written in its memory; with "
        "`quiesce=true` it "
        "is written first all the same.",
    .params = params,
    .sets = sets,
    .example = "snapshot name=web snapshot_name=before-upgrade",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "snapshot_name");
    aq_autovm struct aq_vm vm = {0};
    struct aq_snapshot_taken taken = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    enum aq_snapshot_memory memory = !aq_arg_given(call, "memory") ? AQ_SNAPSHOT_AUTO
                                     : aq_arg_bool(call, "memory") ? AQ_SNAPSHOT_MEMORY
                                                                   : AQ_SNAPSHOT_DISK;
    aq_deadline started = aq_now();
    if (aq_vm_snapshot(&vm, name, memory, aq_quiesce_wish(call), aq_after_ms(aq_arg_number(call, "timeout")),
                       &taken, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_result_set_text(call->result, "NAME", vm.name);
    aq_result_set_text(call->result, "SNAPSHOT", name);
    aq_result_set_bool(call->result, "MEMORY", taken.memory);
    aq_result_set_bool(call->result, "QUIESCED", taken.quiesced);
    aq_result_set_int(call->result, "DURATION", (aq_now() - started) / 1000000);
    aq_result_say(call->result, "took the snapshot %s of %s%s", name, vm.name,
                  taken.memory ? ", with its memory" : "");
    return 0;
}
