/* SPDX-License-Identifier: MIT */
/*
 * Clones of VMs. What the clone stands on has to be immutable, so something is made immutable first:
 *
 *   - A stopped VM that has written nothing since it was made: what it stands on itself serves. Nothing is
 * made.
 *   - A VM whose disk is in the store and has no snapshots in it: the disk is frozen (vm/freeze.h). This
 * costs the same whatever the disk holds, but makes the VM's own chain one image longer.
 *   - Else, and when that chain is long already, or for a snapshot: the wanted state is extracted
 * (vm/extract.h), which costs as much as the VM holds of its own.
 */
#include <string.h>

#include "image/chain.h"
#include "image/qcow2.h"
#include "vm/admit.h"
#include "vm/extract.h"
#include "vm/freeze.h"
#include "vm/make.h"
#include "vm/snapshot.h"

/* A VM that is cloned again and again while it runs gets no deeper than this by it. */
enum { FREEZE_DEPTH_MAX = 16 };

/* What kind of disk it is. */
struct disk {
    bool snapshots; /* internal ones, that of a saved state included */
    bool empty;     /* nothing was ever written to it */
    unsigned depth; /* images that it is made of */
};

static int look_at(const struct aq_vm_hold *hold, struct disk *look, struct aq_error *err)
{
    const struct aq_vm *vm = &hold->vm;
    struct aq_qcow2_info info;
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    aq_autoclose int disk = aq_vm_open_disk(vm, hold->lock, err);
    if (path == NULL || disk < 0 || aq_chain_of_disk(path, &vm->parent, &chain, err) < 0 ||
        aq_qcow2_read(disk, path, &info, err) < 0)
        return -1;
    int empty = hold->running ? 0 : aq_qcow2_is_empty(disk, &info, path, err);
    *look = (struct disk){info.snapshot_count > 0, empty > 0, chain.count};
    return empty < 0 ? -1 : 0;
}

/* Finds or makes what the clone stands on. *held keeps it there. */
static int find_parent(struct aq_vm_hold *hold, const char *snapshot, struct aq_quiet *quiet,
                       struct aq_parent *parent, int *held, struct aq_error *err)
{
    struct disk disk;
    if (look_at(hold, &disk, err) < 0)
        return -1;
    if (disk.depth >= AQ_CHAIN_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED,
                       "the disk of VM %s is made of %u images already, which is as many as can be; `flatten "
                       "name=%s` it "
                       "first",
                       hold->vm.name, disk.depth, hold->vm.name);
    if (snapshot == NULL && disk.empty && hold->vm.parent.kind != AQ_PARENT_NONE) {
        *parent = aq_parent_copy(&hold->vm.parent);
        *held = aq_parent_lock(parent, AQ_LOCK_SHARED, err);
        return *held < 0 ? -1 : 0;
    }
    bool freeze =
        snapshot == NULL && !disk.snapshots && hold->vm.disk[0] != '/' && disk.depth < FREEZE_DEPTH_MAX;
    aq_autolayer struct aq_layer layer = {0};
    if (freeze ? aq_vm_freeze(hold, quiet, &layer, held, err) < 0
               : aq_vm_extract(hold, snapshot, quiet, &layer, held, err) < 0)
        return -1;
    *parent = aq_layer_as_parent(&layer);
    return 0;
}

/* What the clone has in common with the VM. A port of the host can lead to one VM only, so that is chosen
 * anew. */
static void take_after(const struct aq_vm *from, struct aq_vm *vm)
{
    vm->base = aq_strdup(from->base);
    vm->disk_size = from->disk_size;
    vm->memory = from->memory;
    vm->cpus = from->cpus;
    vm->network = aq_strdup(from->network);
    vm->egress = aq_strdup(from->egress);
    vm->accel = aq_strdup(from->accel);
    vm->provisioned =
        aq_strdup(from->provisioned != NULL ? from->provisioned : ""); /* secrets are copied too */
    memcpy(vm->ports, from->ports, sizeof vm->ports);
    vm->port_count = from->port_count;
    for (unsigned i = 0; i < vm->port_count; i++)
        vm->ports[i].host = vm->ports[i].chosen = 0;
}

int aq_vm_clone_vm(const struct aq_clone_request *request, struct aq_vm *vm, bool *quiesced,
                   struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    aq_autoquiet struct aq_quiet quiet = AQ_QUIET_NONE;
    aq_autoclose int held = -1;
    if (aq_vm_hold(request->vm, &hold, err) < 0)
        return -1;
    take_after(&hold.vm, vm);
    if (aq_vm_fill(request, vm, err) < 0 || aq_vm_admit_more(vm, request->name, 1, false, err) < 0)
        return -1;
    if (hold.running && request->snapshot == NULL &&
        aq_quiet_open(&hold.vm, &hold.run, request->quiesce, &quiet, err) < 0)
        return -1;
    if (find_parent(&hold, request->snapshot, &quiet, &vm->parent, &held, err) < 0)
        return -1;
    *quiesced = quiet.done;
    return aq_vm_make(request, vm, err);
}
