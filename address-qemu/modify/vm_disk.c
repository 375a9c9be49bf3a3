/* SPDX-License-Identifier: MIT */
#include "modify/vm_disk.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "image/qcow2.h"
#include "vm/disk.h"
#include "vm/freeze.h"
#include "vm/record.h"

/* A freeze takes the file as it is: snapshots in it would be lost to the VM. */
static int refuse_unfit(const struct aq_vm_hold *hold, struct aq_error *err)
{
    struct aq_qcow2_info info;
    if (aq_vm_hold_need_stopped(hold, "its disk is changed", err) < 0)
        return -1;
    if (strchr(hold->vm.disk, '/') != NULL)
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the disk of VM %s is not in the store, so it is not changed: %s", hold->vm.name,
                       hold->vm.disk);
    aq_autoclose int disk = aq_vm_open_disk(&hold->vm, hold->lock, err);
    if (disk < 0 || aq_qcow2_read(disk, hold->vm.disk, &info, err) < 0)
        return -1;
    return info.snapshot_count == 0
               ? 0
               : aq_fail(err, AQ_E_NOT_SUPPORTED,
                         "the VM %s has snapshots, which would be lost; `remove_snapshot` them first",
                         hold->vm.name);
}

/* Has the VM written nothing to its overlay? Then what it stands on is all there is. */
static bool is_empty(const struct aq_vm_hold *hold)
{
    struct aq_qcow2_info info;
    struct aq_error unread = {0};
    aq_autoclose int disk = aq_vm_open_disk(&hold->vm, hold->lock, &unread);
    if (disk < 0 || aq_qcow2_read(disk, hold->vm.disk, &info, &unread) < 0)
        return false;
    return aq_qcow2_is_empty(disk, &info, hold->vm.disk, &unread) > 0;
}

/* What the steps are to be done on, as a spec names it: what the VM has becomes a layer, unless it is
 *nothing. free() it; held keeps it in place. */
static char *settle_base(struct aq_vm_hold *hold, int *held, struct aq_error *err)
{
    const struct aq_vm *vm = &hold->vm;
    aq_autolayer struct aq_layer layer = {0};
    if (vm->parent.kind == AQ_PARENT_LAYER && is_empty(hold)) {
        *held = aq_parent_lock(&vm->parent, AQ_LOCK_SHARED, err);
        return *held < 0 ? NULL : aq_format("sha256:%s", vm->parent.name);
    }
    if (aq_vm_freeze(hold, NULL, &layer, held, err) < 0)
        return NULL;
    /* It comes as its maker holds it, alone; the build holds it too, as does whoever stands on it. */
    if (flock(*held, LOCK_SH) == 0)
        return aq_format("sha256:%s", layer.id);
    aq_fail_errno(err, AQ_E_IO, errno, "cannot hold the layer of the disk of VM %s", vm->name);
    return NULL;
}

/* The VM goes on with an overlay on what was made. The old overlay holds nothing: it was made by the freeze.
 */
static int stand_on(struct aq_vm_hold *hold, const struct aq_layer *layer, struct aq_error *err)
{
    struct aq_vm *vm = &hold->vm;
    aq_autofree char *file = aq_vm_disk_name(), *old = aq_strdup(vm->disk);
    struct aq_parent parent = aq_layer_as_parent(layer);
    if (aq_vm_make_overlay(hold->lock, file, &parent, vm->disk_size, err) < 0) {
        aq_parent_free(&parent);
        return -1;
    }
    free(vm->disk);
    vm->disk = aq_steal_ptr(&file);
    aq_parent_free(&vm->parent);
    vm->parent = parent;
    if (aq_vm_write(vm, hold->lock, err) < 0)
        return -1;
    unlinkat(hold->lock, old, 0);
    return 0;
}

static int modify_held(struct aq_vm_hold *hold, const char *base, const struct aq_modify_request *wish,
                       const struct aq_modify_watch *watch, struct aq_modify *modify, struct aq_error *err)
{
    struct aq_modify_request request = *wish;
    request.spec.base = base;
    if (aq_modify_load(&request, modify, err) < 0)
        return -1;
    modify->base.memory = hold->vm.memory;
    modify->base.cpus = hold->vm.cpus;
    if (aq_modify_build(modify, watch, err) < 0)
        return -1;
    aq_interrupt_hold();
    int done = stand_on(hold, aq_modify_top(modify), err);
    aq_interrupt_release();
    return done;
}

int aq_modify_vm(const char *name, const struct aq_modify_request *request,
                 const struct aq_modify_watch *watch, struct aq_modify *modify, struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    aq_autoclose int held = -1;
    if (aq_vm_hold(name, &hold, err) < 0 || refuse_unfit(&hold, err) < 0)
        return -1;
    aq_autofree char *base = settle_base(&hold, &held, err);
    return base == NULL ? -1 : modify_held(&hold, base, request, watch, modify, err);
}
