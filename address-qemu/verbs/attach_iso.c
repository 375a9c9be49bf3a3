/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/iso.h"

static int run_attach(struct aq_call *call, struct aq_error *err);
static int run_detach(struct aq_call *call, struct aq_error *err);

static const struct aq_param attach_params[] = {
    AQ_PARAM_VM,
    {"iso_path", AQ_TYPE_PATH, .source = AQ_SOURCE_DISK, .required = true, .aliases = "iso path",
     .meaning = "the file: an ISO image, or any other"},
    {NULL},
};
static const struct aq_param detach_params[] = {
    AQ_PARAM_VM,
    {"force", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "also where the guest has it mounted"},
    {NULL},
};
static const struct aq_field attach_sets[] = {AQ_VM_FIELDS,
                                              {"ISO", "the absolute path of the file"},
                                              {"SKIPPED", "1 when it was in the drive already"},
                                              {NULL}};
static const struct aq_field detach_sets[] = {
    AQ_VM_FIELDS, {"SKIPPED", "1 when the drive was empty"}, {NULL}};

const struct aq_verb aq_verb_attach_iso = {
    .name = "attach_iso",
    .group = "VMs",
    .summary = "Put a disc into a VM's CD drive",
    .details = "A VM gets the drive with its first disc, running or not, and keeps it. The disc is in it at "
               "every start "
               "from then on, until `detach_iso`; the guest can only read it. A VM boots from it when its "
               "disk is not "
               "bootable. In a Linux guest it is `/dev/sr0` (where nothing loads drivers by itself, as in a "
               "micro base, "
               "after `modprobe -a virtio_scsi sr_mod`).",
    .params = attach_params,
    .sets = attach_sets,
    .example = "attach_iso name=web iso_path=/srv/isos/tools.iso",
    .run = run_attach,
};

const struct aq_verb aq_verb_detach_iso = {
    .name = "detach_iso",
    .group = "VMs",
    .summary = "Take the disc out of a VM's CD drive",
    .details = "A guest that has it mounted keeps the drive locked; it is asked for the disc, and `VM_BUSY` "
               "if it does "
               "not give it.",
    .params = detach_params,
    .sets = detach_sets,
    .example = "detach_iso name=web",
    .run = run_detach,
};

static int say(struct aq_call *call, const struct aq_vm *vm, const struct aq_run *run, bool changed,
               struct aq_error *err)
{
    aq_result_set_bool(call->result, "SKIPPED", !changed);
    return aq_set_vm_fields(call->result, vm, run->process.pid != 0 ? run : NULL, err);
}

static int run_attach(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run;
    bool changed;
    if (aq_vm_attach_iso(aq_arg_text(call, "name"), aq_arg_text(call, "iso_path"), &vm, &run, &changed, err) <
        0)
        return -1;
    aq_result_set_text(call->result, "ISO", vm.iso);
    aq_result_say(call->result, "%s is in the drive of %s%s", vm.iso, vm.name, changed ? "" : " already");
    return say(call, &vm, &run, changed, err);
}

static int run_detach(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run;
    bool changed;
    if (aq_vm_detach_iso(aq_arg_text(call, "name"), aq_arg_bool(call, "force"), &vm, &run, &changed, err) < 0)
        return -1;
    aq_result_say(call->result, "the drive of %s %s", vm.name,
                  changed ? "is empty now" : "was empty already");
    return say(call, &vm, &run, changed, err);
}
