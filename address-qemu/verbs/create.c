/* SPDX-License-Identifier: MIT */
#include "verbs/network_params.h"
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"
#include "vm/network.h"
#include "vm/resize.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"image", AQ_TYPE_PATH, .source = AQ_SOURCE_DISK, .required = true, .aliases = "path",
     .meaning = "a qcow2 file of this host, which nothing else uses"},
    {"name", AQ_TYPE_NAME, .aliases = "vm", .meaning = "the VM's name; made up unless given"},
    {"memory", AQ_TYPE_SIZE, .fallback = "2G", .min = 16 << 20, .max = INT64_C(4096) << 30,
     .meaning = "its RAM"},
    {"cpus", AQ_TYPE_COUNT, .fallback = "2", .min = 1, .max = 255, .meaning = "its virtual CPUs"},
    {"disk", AQ_TYPE_SIZE, .min = 1,
     .meaning = "the size of its disk, if it is to be larger; `resize` with guest=true grows what is in it"},
    AQ_PARAM_NETWORK,
    AQ_PARAM_FORWARD,
    AQ_PARAM_BIND,
    AQ_PARAM_EGRESS,
    {"accel", AQ_TYPE_CHOICE, .choices = "auto|kvm|tcg", .fallback = "auto",
     .meaning = "`auto` takes KVM where it really runs guests, else emulation"},
    {"overlay", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "leave the file as it is: the VM writes to an overlay in the store"},
    {"no_start", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "make it, but do not start it"},
    {NULL},
};

static const struct aq_field sets[] = {AQ_VM_FIELDS, AQ_PORT_FIELDS, {NULL}};

const struct aq_verb aq_verb_create = {
    .name = "create",
    .group = "VMs",
    .summary = "Make a VM on a disk of your own, and start it",
    .details = "In place, the VM writes to that very file: it has to be yours alone meanwhile, which our "
               "locks and QEMU's see to, and "
               "`remove` leaves it where it is. With overlay=true it stays as it is, and has to as long as "
               "the VM is there. It is "
               "judged as by register_base. Many VMs of one disk are better made by register_base and clone.",
    .params = params,
    .sets = sets,
    .example = "create image=/srv/vm/old-server.qcow2 name=old-server memory=4G no_start=true",
    .run = run,
};

/* A VM that was made for what then failed is half a wish, and in the way of the next try. */
static int discard(const struct aq_vm *vm)
{
    aq_vm_discard(vm);
    return -1;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autowish struct aq_network_wish wish = {0};
    if (aq_network_wish_read(call, &wish, err) < 0 ||
        (!aq_arg_bool(call, "no_start") && aq_network_check_ports(wish.ports, wish.port_count, err) < 0))
        return -1;
    const struct aq_clone_request request = {
        .image = aq_arg_text(call, "image"),
        .overlay = aq_arg_bool(call, "overlay"),
        .name = aq_arg_text(call, "name"),
        .memory = (unsigned)(aq_arg_number(call, "memory") >> 20),
        .cpus = (unsigned)aq_arg_number(call, "cpus"),
        .disk_size = (uint64_t)aq_arg_number(call, "disk"),
        .network = wish.network,
        .egress = wish.egress,
        .ports = wish.ports,
        .port_count = wish.port_count,
        .accel = aq_arg_text(call, "accel"),
    };
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    uint64_t before;
    if (aq_vm_create(&request, &vm, err) < 0)
        return -1;
    if (request.disk_size > vm.disk_size && aq_vm_resize(vm.name, request.disk_size, &before, err) < 0)
        return discard(&vm);
    aq_result_say(call->result, "created %s on %s%s", vm.name, request.image,
                  request.overlay ? ", which stays as it is" : "");
    if (aq_arg_bool(call, "no_start"))
        return aq_set_vm_fields(call->result, &vm, NULL, err);
    if (aq_vm_start(&vm, &run, err) < 0)
        return err->code == AQ_E_VM_RUNNING || err->code == AQ_E_VM_BUSY ? -1 : discard(&vm);
    aq_set_port_rows(call->result, &run);
    aq_result_say_more(call->result, ", and started it (process %d, %s)", run.process.pid,
                       aq_accel_name(run.accel));
    return aq_set_vm_fields(call->result, &vm, &run, err);
}
