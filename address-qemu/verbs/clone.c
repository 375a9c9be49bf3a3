/* SPDX-License-Identifier: MIT */
#include <strings.h>

#include "util/size.h"
#include "verbs/clone_vm.h"
#include "verbs/network_params.h"
#include "verbs/snapshot_fields.h"
#include "vm/lifecycle.h"
#include "vm/network.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"base", AQ_TYPE_NAME, .meaning = "the base to clone"},
    AQ_PARAM_TEMPLATE_CHOICE,
    {"vm", AQ_TYPE_NAME, .aliases = "from", .meaning = "the VM to clone, running or stopped"},
    {"snapshot", AQ_TYPE_NAME, .aliases = "snapshot_name",
     .meaning = "a snapshot of that VM, whose disk is to be cloned; unless given, as it is now"},
    AQ_PARAM_QUIESCE,
    {"name", AQ_TYPE_NAME, .meaning = "the new VM's name; made up unless given"},
    {"memory", AQ_TYPE_SIZE, .min = 16 << 20, .max = INT64_C(4096) << 30,
     .meaning = "its RAM; that of what is cloned unless given"},
    {"cpus", AQ_TYPE_COUNT, .min = 1, .max = 255,
     .meaning = "its virtual CPUs; as what is cloned unless given"},
    {"disk", AQ_TYPE_SIZE, .min = 1, .meaning = "the size of its disk, if it is to be larger"},
    AQ_PARAM_NETWORK,
    AQ_PARAM_FORWARD,
    AQ_PARAM_BIND,
    AQ_PARAM_EGRESS,
    {"accel", AQ_TYPE_CHOICE, .choices = "auto|kvm|tcg",
     .meaning =
         "`auto` takes KVM where it really runs guests, else emulation; `kvm` fails where it does not; "
         "`auto`, or as the VM has it, unless given"},
    {"no_start", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "make it, but do not start it"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    AQ_PORT_FIELDS,
    AQ_CLONE_FIELDS,
    {"QUIESCED", "for a running VM: 1 when its guest had written everything and was frozen meanwhile"},
    {NULL}};

const struct aq_verb aq_verb_clone = {
    .name = "clone",
    .group = "VMs",
    .summary = "Make a copy-on-write VM from a base, a template or another VM, and start it",
    .details =
        "The clone's disk holds only what differs from what it is made from, so it costs a millisecond and a "
        "few KiB. "
        "A base is checked to be the very disk that was registered. When the start fails, the clone is "
        "removed. Where there is a [template](templates.md) of the base that fits - as large, nothing run in "
        "it, made by this QEMU - the clone goes on from it instead of booting: `QEMU_CLONE_MODE` says which, "
        "and `QEMU_CLONE_REASON` why it was no template.\n\n"
        "A VM's disk is frozen for it: it becomes a layer, on which both go on; that takes milliseconds too, "
        "and a "
        "running VM goes on running, its guest's file systems frozen for that moment if it answers. For a "
        "snapshot, and for a VM that has some, what it holds of its own is "
        "copied "
        "into a layer once, which further clones of the same state share. The clone boots: it gets the disk, "
        "not the memory.",
    .params = params,
    .sets = sets,
    .example = "clone base=debian name=web memory=2G no_start=true",
    .run = run,
};

/* The template that was asked for by name; NULL when it is not, or when none is wanted. */
static const char *named_template(const struct aq_call *call)
{
    const char *template = aq_arg_text(call, "template");
    return template != NULL && strcasecmp(template, AQ_NO_TEMPLATE) != 0 ? template : NULL;
}

/* What a template's clone is comes from the template. */
static int check_template_keys(struct aq_call *call, struct aq_error *err)
{
    static const char *const fixed[] = {"memory", "cpus", "disk", "network", "no_start"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (aq_arg_given(call, fixed[i]))
            return aq_fail(err, AQ_E_VALUE_INVALID,
                           "%s cannot be chosen for a clone of a template: it is as the template has it, and "
                           "runs from its first moment. `create_template` makes another one",
                           fixed[i]);
    return 0;
}

static int check(struct aq_call *call, struct aq_error *err)
{
    bool base = aq_arg_given(call, "base"), vm = aq_arg_given(call, "vm");
    bool template = named_template(call) != NULL;
    if (base + vm + template == 0)
        return aq_fail(err, AQ_E_KEY_MISSING, "clone needs base=, template= or vm=, what is to be cloned");
    if (base + vm + template > 1)
        return aq_fail(
            err, AQ_E_VALUE_INVALID,
            "clone takes one of base=, template= and vm=: it is one thing that is cloned; the new VM "
            "is called name=");
    if (!vm && aq_arg_given(call, "snapshot"))
        return aq_fail(err, AQ_E_VALUE_INVALID, "snapshot= is one of a VM: clone vm=… snapshot=…");
    return template ? check_template_keys(call, err) : 0;
}

static int start(struct aq_call *call, struct aq_cloned *cloned, const char *from, struct aq_error *err)
{
    if (!cloned->started && aq_vm_start(&cloned->vm, &cloned->run, err) < 0) {
        /* It was made for this start alone: half a wish fulfilled would be in the way of the next try. Unless
           another process has taken to it in between. */
        if (err->code != AQ_E_VM_RUNNING && err->code != AQ_E_VM_BUSY)
            aq_vm_discard(&cloned->vm);
        return -1;
    }
    aq_set_port_rows(call->result, &cloned->run);
    aq_result_say(call->result, "cloned %s from %s%s and started it (process %d, %s)", cloned->vm.name,
                  cloned->started ? "the template " : "", cloned->started ? cloned->vm.template : from,
                  cloned->run.process.pid, aq_accel_name(cloned->run.accel));
    return aq_set_vm_fields(call->result, &cloned->vm, &cloned->run, err);
}

static int make(struct aq_call *call, const struct aq_clone_request *request, struct aq_cloned *cloned,
                struct aq_error *err)
{
    if (request->vm != NULL) {
        bool quiesced = false;
        int cloned_vm = aq_vm_clone_vm(request, &cloned->vm, &quiesced, err);
        aq_result_set_bool(call->result, "QUIESCED", quiesced);
        return cloned_vm;
    }
    const char *template = aq_arg_bool(call, "no_start") ? AQ_NO_TEMPLATE : aq_arg_text(call, "template");
    return aq_clone_vm(call, request, template, cloned, err);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autowish struct aq_network_wish wish = {0};
    if (check(call, err) < 0 || aq_network_wish_read(call, &wish, err) < 0 ||
        (!aq_arg_bool(call, "no_start") && aq_network_check_ports(wish.ports, wish.port_count, err) < 0))
        return -1;
    const struct aq_clone_request request = {
        .base = aq_arg_text(call, "base"),
        .vm = aq_arg_text(call, "vm"),
        .snapshot = aq_arg_text(call, "snapshot"),
        .quiesce = aq_quiesce_wish(call),
        .name = aq_arg_text(call, "name"),
        .memory = (unsigned)(aq_arg_number(call, "memory") >> 20),
        .cpus = (unsigned)aq_arg_number(call, "cpus"),
        .disk_size = (uint64_t)aq_arg_number(call, "disk"),
        .network = wish.network,
        .accel = aq_arg_text(call, "accel"),
        .egress = wish.egress,
        .ports = wish.ports,
        .port_count = wish.port_count,
    };
    aq_autocloned struct aq_cloned cloned = {0};
    if (make(call, &request, &cloned, err) < 0)
        return -1;
    const char *from = request.vm != NULL ? request.vm : request.base;
    if (!aq_arg_bool(call, "no_start"))
        return start(call, &cloned, from, err);
    aq_result_say(call->result, "cloned %s from %s", cloned.vm.name, from);
    return aq_set_vm_fields(call->result, &cloned.vm, NULL, err);
}
