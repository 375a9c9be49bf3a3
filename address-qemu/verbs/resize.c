/* SPDX-License-Identifier: MIT */
#include "vm/resize.h"

#include "util/size.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"disk", AQ_TYPE_SIZE, .required = true, .aliases = "size", .min = 1, .meaning = "the disk's new size"},
    {"guest", AQ_TYPE_BOOLEAN,
     .meaning = "have a running guest grow its root partition and file system too; unless given: if it "
                "answers, and what "
                "it cannot do is told in the output"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    {"DISK_SIZE", "of the disk as the guest sees it, in bytes"},
    {"DISK_SIZE_BEFORE", "what it was"},
    {"GUEST_GROWN", "1 when partition and file system in the guest have all of it"},
    {"GUEST_ERROR", "why they have not, when the guest runs"},
    {"PARTITION_SIZE", "of the guest's root partition, in bytes"},
    {"FILE_SYSTEM_SIZE", "of its root file system, in bytes"},
    {NULL},
};

const struct aq_verb aq_verb_resize = {
    .name = "resize",
    .group = "VMs",
    .summary = "Make a VM's disk larger, with partition and file system",
    .details = "Running or stopped; shrinking is refused. In a running guest the root partition is grown up "
               "to the next one or the end of "
               "the disk (MBR or GPT), and its file system with it (ext4, XFS, btrfs), by our rexx-guest, so "
               "that the guest needs "
               "no tools; a root on LVM or encrypted has to be grown by its own. Guests of bases that "
               "create_base makes do the same at "
               "each boot. Others that were stopped: say it again when they run.",
    .params = params,
    .sets = sets,
    .example = "resize name=web disk=20G",
    .run = run,
};

enum { AT_ONCE_MS = 1500, ANSWERS_MS = 6000 };

/* Partition and file system. What comes of it when nobody insists is no failure. */
static int grow_guest(struct aq_call *call, const struct aq_vm *vm, const struct aq_run *run,
                      struct aq_error *err)
{
    struct aq_grown grown;
    struct aq_error reason = {0};
    bool insists = aq_arg_bool(call, "guest");
    if (aq_arg_given(call, "guest") && !insists)
        return 0;
    int done = aq_run_need_awake(vm, run, &reason);
    if (done == 0)
        done = aq_vm_grow_guest(vm, aq_after_ms(insists ? ANSWERS_MS : AT_ONCE_MS), &grown, &reason);
    aq_result_set_bool(call->result, "GUEST_GROWN", done == 0);
    if (done == 0) {
        char size[AQ_SIZE_TEXT];
        if (grown.partition != 0)
            aq_result_set_int(call->result, "PARTITION_SIZE", (int64_t)grown.partition);
        aq_result_set_int(call->result, "FILE_SYSTEM_SIZE", (int64_t)grown.file_system);
        aq_result_say_more(call->result, "; its %s has %s", grown.kind,
                           aq_size_text(grown.file_system, size));
        return 0;
    }
    if (insists || reason.code == AQ_E_INTERRUPTED)
        return aq_fail(err, reason.code, "%s", reason.text);
    aq_result_set_text(call->result, "GUEST_ERROR", reason.text);
    aq_result_say_more(call->result, "; its partition and file system have not grown: %s", reason.text);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_result *result = call->result;
    const char *name = aq_arg_text(call, "name");
    uint64_t before, size = (uint64_t)aq_arg_number(call, "disk");
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    char text[AQ_SIZE_TEXT], was[AQ_SIZE_TEXT];
    if (aq_vm_resize(name, size, &before, err) < 0 || aq_vm_load(name, &vm, err) < 0)
        return -1;
    int running = aq_run_read(&vm, &run, err);
    if (running < 0 || aq_set_vm_fields(result, &vm, running > 0 ? &run : NULL, err) < 0)
        return -1;
    aq_result_set_int(result, "DISK_SIZE", (int64_t)vm.disk_size);
    aq_result_set_int(result, "DISK_SIZE_BEFORE", (int64_t)before);
    aq_result_say(result, "the disk of %s has %s%s%s", name, aq_size_text(vm.disk_size, text),
                  before != vm.disk_size ? ", and had " : " already",
                  before != vm.disk_size ? aq_size_text(before, was) : "");
    if (running > 0)
        return grow_guest(call, &vm, &run, err);
    aq_result_set_bool(result, "GUEST_GROWN", false);
    aq_result_say_more(result,
                       "; its guest's file system grows at the next boot if it is of create_base, else by "
                       "`resize` again while it runs");
    return 0;
}
