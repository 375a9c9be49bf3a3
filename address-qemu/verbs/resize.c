/* SPDX-License-Identifier: MIT */
#include "modify/grow_vm.h"
#include "util/size.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"disk", AQ_TYPE_SIZE, .required = true, .aliases = "size", .min = 1, .meaning = "the disk's new size"},
    {"guest", AQ_TYPE_BOOLEAN,
     .meaning = "grow the root partition and file system too. Unless given: in a running guest if it "
                "answers, and what it cannot do is told in the output; in a stopped one that does not do it "
                "when it boots"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    {"DISK_SIZE", "of the disk as the guest sees it, in bytes"},
    {"DISK_SIZE_BEFORE", "what it was"},
    {"GUEST_GROWN", "1 when partition and file system in the guest have grown into it"},
    {"GUEST_ERROR", "why they have not, when the guest runs"},
    {"PARTITION_SIZE", "of the guest's root partition, in bytes"},
    {"FILE_SYSTEM_SIZE", "of its root file system, in bytes"},
    {NULL},
};

const struct aq_verb aq_verb_resize = {
    .name = "resize",
    .group = "VMs",
    .summary = "Make a VM's disk larger, with partition and file system",
    .details =
        "Running or stopped; shrinking is refused. The root partition is grown up to the next one or "
        "the end of the disk (MBR or GPT), and its file system with it (ext4, XFS, btrfs): in a running "
        "guest by our rexx-guest, so that the guest needs no tools; in a stopped one by libguestfs, in an "
        "overlay, so that the disk stays as it was where it cannot be done; guests of bases that "
        "create_base makes do it themselves when they boot. A root on LVM, an encrypted one, and one "
        "with another partition behind it are refused, or told of when the guest runs: they have to be "
        "grown with the guest's own tools, after `guest=false`.",
    .params = params,
    .sets = sets,
    .example = "resize name=web disk=20G",
    .run = run,
};

enum { AT_ONCE_MS = 1500, ANSWERS_MS = 6000 };

static void say_grown(struct aq_call *call, const struct aq_grown *grown)
{
    char size[AQ_SIZE_TEXT];
    if (grown->partition != 0)
        aq_result_set_int(call->result, "PARTITION_SIZE", (int64_t)grown->partition);
    aq_result_set_int(call->result, "FILE_SYSTEM_SIZE", (int64_t)grown->file_system);
    aq_result_say_more(call->result, "; its %s has %s", grown->kind, aq_size_text(grown->file_system, size));
}

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
        say_grown(call, &grown);
        return 0;
    }
    if (insists || reason.code == AQ_E_INTERRUPTED)
        return aq_fail(err, reason.code, "%s", reason.text);
    aq_result_set_text(call->result, "GUEST_ERROR", reason.text);
    aq_result_say_more(call->result, "; its partition and file system have not grown: %s", reason.text);
    return 0;
}

static void say(void *data, const char *line)
{
    aq_progress(data, "%s", line);
}

/* What is to be grown with the disk of a stopped VM, from outside: whatever is in it, unless it does that
   itself, or nobody wants it. */
static bool is_grown_offline(const struct aq_call *call, const struct aq_vm *vm, uint64_t size)
{
    if (aq_arg_given(call, "guest"))
        return aq_arg_bool(call, "guest");
    return size > vm->disk_size && !aq_vm_grows_at_boot(vm);
}

static void say_sizes(struct aq_call *call, const struct aq_vm *vm, uint64_t before)
{
    char text[AQ_SIZE_TEXT], was[AQ_SIZE_TEXT];
    aq_result_set_int(call->result, "DISK_SIZE", (int64_t)vm->disk_size);
    aq_result_set_int(call->result, "DISK_SIZE_BEFORE", (int64_t)before);
    aq_result_say(call->result, "the disk of %s has %s%s%s", vm->name, aq_size_text(vm->disk_size, text),
                  before != vm->disk_size ? ", and had " : " already",
                  before != vm->disk_size ? aq_size_text(before, was) : "");
}

/* Of a stopped VM; `done` when what is in its disk has grown. */
static void say_of_stopped(struct aq_call *call, const struct aq_vm *vm, bool done,
                           const struct aq_grown *grown)
{
    aq_result_set_bool(call->result, "GUEST_GROWN", done);
    if (done)
        say_grown(call, grown);
    else if (aq_vm_grows_at_boot(vm))
        aq_result_say_more(call->result, "; its guest's file system grows at the next boot");
    else
        aq_result_say_more(call->result, "; what is in it has not grown");
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    uint64_t before = 0, size = (uint64_t)aq_arg_number(call, "disk");
    aq_autovm struct aq_vm was = {0}, vm = {0};
    struct aq_run run = {0};
    struct aq_grown grown = {0};
    if (aq_vm_load(name, &was, err) < 0)
        return -1;
    int running = aq_run_read(&was, &run, err), done = 0;
    if (running == 0 && is_grown_offline(call, &was, size))
        done = aq_modify_grow_vm(name, size, say, call, &before, &grown, err);
    if (running < 0 || done < 0 || (done == 0 && aq_vm_resize(name, size, &before, err) < 0) ||
        aq_vm_load(name, &vm, err) < 0)
        return -1;
    running = aq_run_read(&vm, &run, err);
    if (running < 0 || aq_set_vm_fields(call->result, &vm, running > 0 ? &run : NULL, err) < 0)
        return -1;
    say_sizes(call, &vm, before);
    if (running > 0)
        return grow_guest(call, &vm, &run, err);
    say_of_stopped(call, &vm, done > 0, &grown);
    return 0;
}
