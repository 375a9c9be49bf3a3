/* SPDX-License-Identifier: MIT */
#include "vm/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/block.h"
#include "vm/disk.h"
#include "vm/record.h"

enum { QMP_MS = 60000 };

static void forget_pending(struct aq_vm *vm)
{
    free(vm->pending.disk);
    vm->pending = (struct aq_pending){0};
}

/* Steps 1 and 2. */
static int begin(struct aq_vm *vm, int lock, struct aq_error *err)
{
    char id[AQ_LAYER_ID_TEXT];
    const struct aq_parent layer = {.kind = AQ_PARENT_LAYER, .name = (char *)aq_layer_random_id(id)};
    vm->pending.what = AQ_PENDING_FREEZE;
    vm->pending.disk = aq_vm_disk_name();
    memcpy(vm->pending.layer, id, sizeof id);
    if (aq_vm_make_overlay(lock, vm->pending.disk, &layer, vm->disk_size, err) == 0) {
        if (aq_vm_write(vm, lock, err) == 0)
            return 0;
        unlinkat(lock, vm->pending.disk, 0);
    }
    forget_pending(vm);
    return -1;
}

static int take_back(struct aq_vm *vm, int lock, struct aq_error *err)
{
    aq_autofree char *overlay = aq_strdup(vm->pending.disk);
    forget_pending(vm);
    if (aq_vm_write(vm, lock, err) < 0)
        return -1;
    unlinkat(lock, overlay, 0);
    return 0;
}

/* Step 3. What came of it is asked afterwards. The guest's file systems are frozen for the moment; that may
   take some time before, and may be interrupted. */
static int switch_over(const struct aq_vm *vm, struct aq_qmp *qmp, struct aq_quiet *quiet,
                       struct aq_error *err)
{
    aq_autofree char *path = aq_vm_path(vm->name, vm->pending.disk, err);
    aq_autofree char *node = aq_vm_disk_node(vm->pending.disk);
    if (path == NULL || aq_quiet_begin(quiet, err) < 0)
        return -1;
    aq_interrupt_hold();
    int switched = aq_qmp_put_overlay(qmp, path, node, aq_after_ms(QMP_MS), err);
    int thawed = aq_quiet_end(quiet, err);
    aq_interrupt_release();
    return thawed < 0 ? -1 : switched;
}

/* Does QEMU write to the overlay? 1 yes, 0 no. */
static int has_switched(const struct aq_vm *vm, int run_folder, struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, aq_after_ms(QMP_MS), err);
    aq_autofree char *wanted = aq_vm_disk_node(vm->pending.disk);
    aq_autofree char *node = qmp != NULL ? aq_qmp_disk_node(qmp, aq_after_ms(QMP_MS), err) : NULL;
    return node == NULL ? -1 : strcmp(node, wanted) == 0;
}

/* Is the layer that is there already this VM's disk, from a try that did not get further? */
static int adopt(const struct aq_vm *vm, int lock, struct aq_layer *layer, int *held, struct aq_error *err)
{
    struct stat disk, image;
    aq_layer_free(layer);
    *held = aq_layer_lock(vm->pending.layer, AQ_LOCK_SHARED, err);
    if (*held < 0 || aq_layer_load(vm->pending.layer, layer, err) < 0 || aq_layer_check(layer, err) < 0)
        return -1;
    if (fstatat(lock, vm->disk, &disk, AT_SYMLINK_NOFOLLOW) == 0 && stat(layer->path, &image) == 0 &&
        disk.st_ino == image.st_ino)
        return 0;
    return aq_fail(err, AQ_E_RECORD_INVALID, "the layer %s is not the disk of VM %s", layer->id, vm->name);
}

/* Step 4. The stage's lock stays on the layer, in *held. */
static int publish(const struct aq_vm *vm, int lock, struct aq_layer *layer, int *held, struct aq_error *err)
{
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    *layer = (struct aq_layer){
        .kind = aq_strdup(AQ_LAYER_FROZEN),
        .parent = aq_parent_copy(&vm->parent),
        .origin_vm = aq_strdup(vm->name),
        .origin_id = aq_strdup(vm->id),
    };
    memcpy(layer->id, vm->pending.layer, sizeof layer->id);
    if (aq_layer_stage(layer->id, &stage, NULL, err) < 0)
        return -1;
    if (linkat(lock, vm->disk, stage.folder, AQ_LAYER_DISK, 0) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make the disk of VM %s a layer", vm->name);
    int published = aq_layer_publish(&stage, layer, false, err);
    if (published == 0)
        return adopt(vm, lock, layer, held, err);
    if (published < 0)
        return -1;
    *held = aq_steal_fd(&stage.folder);
    return 0;
}

/* Steps 4 to 6. */
static int finish(struct aq_vm *vm, int lock, struct aq_layer *layer, int *held, struct aq_error *err)
{
    if (publish(vm, lock, layer, held, err) < 0)
        return -1;
    aq_autofree char *old = vm->disk;
    vm->disk = aq_steal_ptr(&vm->pending.disk);
    aq_parent_free(&vm->parent);
    vm->parent = aq_layer_as_parent(layer);
    forget_pending(vm);
    if (aq_vm_write(vm, lock, err) < 0)
        return -1;
    unlinkat(lock, old, 0);
    return 0;
}

int aq_vm_freeze_settle(struct aq_vm *vm, int lock, int run_folder, struct aq_frozen *frozen,
                        struct aq_error *err)
{
    struct aq_frozen here = {.held = -1};
    aq_interrupt_hold();
    int done = run_folder >= 0 ? has_switched(vm, run_folder, err) : 1;
    int result = done < 0    ? -1
                 : done == 0 ? take_back(vm, lock, err)
                             : finish(vm, lock, &here.layer, &here.held, err);
    aq_interrupt_release();
    here.done = done > 0;
    if (frozen != NULL && result == 0) {
        *frozen = here;
        return 0;
    }
    aq_layer_free(&here.layer);
    aq_cleanup_close(&here.held);
    return result;
}

int aq_vm_freeze_begin(struct aq_vm_hold *hold, struct aq_error *err)
{
    return begin(&hold->vm, hold->lock, err);
}

int aq_vm_freeze_switch(const struct aq_vm_hold *hold, struct aq_qmp *qmp, struct aq_error *err)
{
    return switch_over(&hold->vm, qmp, NULL, err);
}

int aq_vm_freeze(struct aq_vm_hold *hold, struct aq_quiet *quiet, struct aq_layer *layer, int *held,
                 struct aq_error *err)
{
    struct aq_vm *vm = &hold->vm;
    struct aq_error failed = {0};
    struct aq_frozen frozen = {.held = -1};
    aq_autoqmp struct aq_qmp *qmp = NULL;
    if (hold->running && ((qmp = aq_qmp_connect(hold->run_folder, aq_after_ms(QMP_MS), err)) == NULL ||
                          aq_qmp_end_jobs(qmp, aq_after_ms(QMP_MS), err) < 0))
        return -1;
    if (begin(vm, hold->lock, err) < 0)
        return -1;
    if (qmp != NULL)
        switch_over(vm, qmp, quiet, &failed);
    aq_qmp_close(aq_steal_ptr(&qmp)); /* the next needs it */
    if (aq_vm_freeze_settle(vm, hold->lock, hold->run_folder, &frozen, err) < 0)
        return -1;
    *layer = frozen.layer;
    *held = frozen.held;
    return failed.code == AQ_OK ? 0 : aq_fail(err, failed.code, "%s", failed.text);
}
