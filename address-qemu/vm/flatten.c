/* SPDX-License-Identifier: MIT */
/*
 * Flattening. QEMU's tools take the name of what is below out of the disk's header as soon as all is copied,
 * and write what they hold in memory of the disk's own tables later: should one be killed in between, the
 * disk would stand alone without its data. So the header decides nothing: what the disk stands on is what the
 * record says, and that is changed when everything is known to be on the disk. Whoever finds it pending on a
 * stopped VM puts the name back: the disk stands where it stood, and what was copied is the same as what is
 * below.
 */
#include "image/chain.h"
#include "image/qcow2.h"
#include "image/qemu_img.h"
#include "qemu/block.h"
#include "util/files.h"
#include "vm/hold.h"
#include "vm/merge.h"
#include "vm/record.h"
#include "vm/snapshot_find.h"
#include "vm/space.h"

enum { COPY_MS = 12 * 3600 * 1000, QMP_MS = 60000 };

static int read_header(const struct aq_vm *vm, int lock, struct aq_qcow2_info *info, struct aq_error *err)
{
    aq_autoclose int disk = aq_vm_open_disk(vm, lock, err);
    return disk < 0 ? -1 : aq_qcow2_read(disk, vm->disk, info, err);
}

/* Sparse as it is below; what was compressed there grows. */
static int check_space(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    aq_autofree char *what = aq_format("what the VM %s stands on", vm->name);
    return path == NULL || aq_chain_of_disk(path, &vm->parent, &chain, err) < 0
               ? -1
               : aq_need_space(path, aq_chain_allocated(&chain, 1), what, err);
}

static int copy_running(const struct aq_vm_hold *hold, aq_qmp_progress *progress, void *data,
                        struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(hold->run_folder, aq_after_ms(QMP_MS), err);
    if (qmp == NULL)
        return -1;
    aq_qmp_on_progress(qmp, progress, data);
    return aq_qmp_flatten(qmp, aq_after_ms(COPY_MS), err);
}

static int copy_stopped(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    if (path == NULL || aq_chain_of_disk(path, &vm->parent, &chain, err) < 0)
        return -1;
    aq_autofree char *image = aq_chain_name(&chain, err);
    const char *const arguments[] = {"rebase", "-q", "-b", "", image, NULL};
    return image == NULL ? -1 : aq_qemu_img(arguments, AQ_TIED, aq_after_ms(COPY_MS), err);
}

/* It stands alone from here on. */
static int note_alone(struct aq_vm *vm, int lock, struct aq_error *err)
{
    aq_parent_free(&vm->parent);
    vm->pending = (struct aq_pending){0};
    return aq_vm_write(vm, lock, err);
}

static int note_as_before(struct aq_vm *vm, int lock, struct aq_error *err)
{
    vm->pending = (struct aq_pending){0};
    return aq_vm_write(vm, lock, err);
}

/* A job that a dead process has left may still be at work: it is ended first. */
static int settle_running(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, aq_after_ms(QMP_MS), err);
    if (qmp == NULL || aq_qmp_end_jobs(qmp, aq_after_ms(QMP_MS), err) < 0 ||
        read_header(vm, lock, &info, err) < 0)
        return -1;
    if (info.backing_file[0] != '\0')
        return note_as_before(vm, lock, err);
    return aq_qmp_flush(qmp, aq_after_ms(COPY_MS), err) < 0 ? -1 : note_alone(vm, lock, err);
}

static int settle_stopped(struct aq_vm *vm, int lock, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autofree char *path = aq_vm_disk_path(vm, err), *backing = NULL;
    if (path == NULL || read_header(vm, lock, &info, err) < 0)
        return -1;
    if (info.backing_file[0] != '\0')
        return note_as_before(vm, lock, err);
    if (aq_parent_backing(&vm->parent, &backing, err) < 0)
        return -1;
    const char *const arguments[] = {"rebase", "-q", "-u",    "-f", "qcow2", "-F",
                                     "qcow2",  "-b", backing, path, NULL};
    return aq_qemu_img(arguments, AQ_TIED, aq_after_ms(COPY_MS), err) < 0 ? -1
                                                                          : note_as_before(vm, lock, err);
}

int aq_vm_flatten_settle(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err)
{
    return run_folder >= 0 ? settle_running(vm, lock, run_folder, err) : settle_stopped(vm, lock, err);
}

static int flatten_stopped(struct aq_vm_hold *hold, struct aq_error *err)
{
    if (copy_stopped(&hold->vm, err) < 0)
        return -1;
    aq_autoclose int disk = aq_vm_open_disk(&hold->vm, hold->lock, err);
    return disk < 0 || aq_sync_files(&disk, 1, err) < 0 ? -1 : note_alone(&hold->vm, hold->lock, err);
}

static int flatten_running(struct aq_vm_hold *hold, aq_qmp_progress *progress, void *data,
                           struct aq_error *err)
{
    return copy_running(hold, progress, data, err) < 0 ? -1 : note_alone(&hold->vm, hold->lock, err);
}

int aq_vm_flatten(const char *name, aq_qmp_progress *progress, void *data, bool *changed,
                  struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    if (aq_vm_hold(name, &hold, err) < 0)
        return -1;
    *changed = hold.vm.parent.kind != AQ_PARENT_NONE;
    if (!*changed)
        return 0;
    if (aq_snapshot_refuse(&hold.vm, hold.lock, "be flattened", err) < 0 || check_space(&hold.vm, err) < 0)
        return -1;
    hold.vm.pending.what = AQ_PENDING_FLATTEN;
    if (aq_vm_write(&hold.vm, hold.lock, err) < 0)
        return -1;
    if ((hold.running ? flatten_running(&hold, progress, data, err) : flatten_stopped(&hold, err)) == 0)
        return 0;
    struct aq_error ignored = {0}; /* the next command settles what cannot be settled now */
    aq_interrupt_hold();
    if (hold.vm.pending.what != AQ_PENDING_NOTHING)
        aq_vm_flatten_settle(&hold.vm, hold.lock, hold.run_folder, &ignored);
    aq_interrupt_release();
    return aq_error_context(err, "VM %s does not stand alone", name);
}
