/* SPDX-License-Identifier: MIT */
#include "util/size.h"
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"base", AQ_TYPE_NAME, .required = true, .meaning = "the base to clone"},
    {"name", AQ_TYPE_NAME, .aliases = "vm", .meaning = "the new VM's name; made up unless given"},
    {"memory", AQ_TYPE_SIZE, .min = 16 << 20, .max = INT64_C(4096) << 30,
     .meaning = "its RAM; the base's unless given"},
    {"cpus", AQ_TYPE_COUNT, .min = 1, .max = 255, .meaning = "its virtual CPUs; the base's unless given"},
    {"disk", AQ_TYPE_SIZE, .min = 1,
     .meaning = "the size of its disk, if it is to be larger than the base's"},
    {"network", AQ_TYPE_CHOICE, .choices = "user|none", .fallback = "user",
     .meaning = "`user` reaches out through the host, its loopback services (at 10.0.2.2) included; `none` "
                "has no network card"},
    {"accel", AQ_TYPE_CHOICE, .choices = "auto|kvm|tcg", .fallback = "auto",
     .meaning =
         "`auto` takes KVM where it really runs guests, else emulation; `kvm` fails where it does not"},
    {"no_start", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "make it, but do not start it"},
    {NULL},
};

static const struct aq_field sets[] = {AQ_VM_FIELDS, AQ_PORT_FIELDS, {NULL}};

const struct aq_verb aq_verb_clone = {
    .name = "clone",
    .group = "VMs",
    .summary = "Make a copy-on-write VM from a base, and start it",
    .details =
        "The clone's disk holds only what differs from the base, so it costs a millisecond and a few KiB. "
        "The base is checked to be the very disk that was registered. When the start fails, the clone is "
        "removed.",
    .params = params,
    .sets = sets,
    .example = "clone base=debian name=web memory=2G no_start=true",
    .run = run,
};

static int start(struct aq_call *call, const struct aq_vm *vm, struct aq_error *err)
{
    struct aq_run run = {0};
    if (aq_vm_start(vm, &run, err) < 0) {
        /* It was made for this start alone: half a wish fulfilled would be in the way of the next try. Unless
           another process has taken to it in between. */
        if (err->code != AQ_E_VM_RUNNING && err->code != AQ_E_VM_BUSY)
            aq_vm_discard(vm);
        return -1;
    }
    aq_set_port_rows(call->result, &run);
    aq_result_say(call->result, "cloned %s from %s and started it (process %d, %s)", vm->name, vm->base,
                  run.process.pid, aq_accel_name(run.accel));
    return aq_set_vm_fields(call->result, vm, &run, err);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const struct aq_clone_request request = {
        .base = aq_arg_text(call, "base"),
        .name = aq_arg_text(call, "name"),
        .memory = (unsigned)(aq_arg_number(call, "memory") >> 20),
        .cpus = (unsigned)aq_arg_number(call, "cpus"),
        .disk_size = (uint64_t)aq_arg_number(call, "disk"),
        .network = aq_arg_text(call, "network"),
        .accel = aq_arg_text(call, "accel"),
    };
    aq_autovm struct aq_vm vm = {0};
    if (aq_vm_clone(&request, &vm, err) < 0)
        return -1;
    if (!aq_arg_bool(call, "no_start"))
        return start(call, &vm, err);
    aq_result_say(call->result, "cloned %s from %s", vm.name, vm.base);
    return aq_set_vm_fields(call->result, &vm, NULL, err);
}
