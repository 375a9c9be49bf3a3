/* SPDX-License-Identifier: MIT */
#include "vm/mend.h"

#include "image/qemu_img.h"
#include "qemu/qmp.h"
#include "vm/disk.h"
#include "vm/record.h"

enum { RESTORE_MS = 600000, CHECK_MS = 3600000 };

int aq_vm_tables_begin(struct aq_vm *vm, int lock, struct aq_error *err)
{
    vm->pending.what = AQ_PENDING_TABLES;
    return aq_vm_write(vm, lock, err);
}

int aq_vm_tables_end(struct aq_vm *vm, int lock, struct aq_error *err)
{
    vm->pending.what = AQ_PENDING_NOTHING;
    aq_vm_read_size(vm, lock); /* a snapshot has the size that the disk had then */
    return aq_vm_write(vm, lock, err);
}

int aq_vm_tables_done(struct aq_vm *vm, int lock, const struct aq_process_id *qemu, int done,
                      const struct aq_error *err)
{
    struct aq_error ignored = {0};
    /* One that was killed closes its monitor a while before it is gone. */
    bool dying = err->code == AQ_E_VM_NOT_RUNNING || err->code == AQ_E_IO;
    if (done == 0 || (!dying && err->code != AQ_E_TIMEOUT && aq_process_alive(qemu)))
        aq_vm_tables_end(vm, lock, &ignored); /* a note that stays does no harm */
    return done;
}

/* What is below the disk has no part in it. */
static int put_in_order(const struct aq_vm *vm, int lock, struct aq_error *err)
{
    aq_autochain struct aq_chain disk = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    if (path == NULL || aq_chain_append(&disk, AQ_PARENT_NONE, "", path, err) < 0)
        return -1;
    aq_autofree char *image = aq_chain_name(&disk, err);
    if (image == NULL)
        return -1;
    const char *const arguments[] = {"check", "-q", "-r", "all", image, NULL};
    return aq_qemu_img(arguments, lock, aq_after_ms(CHECK_MS), err);
}

/* Its monitor answers when it has done what it was at. */
static int wait_done(int run_folder, struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, aq_after_ms(RESTORE_MS), err);
    return qmp == NULL ? -1 : 0;
}

int aq_vm_tables_settle(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err)
{
    if ((run_folder >= 0 ? wait_done(run_folder, err) : put_in_order(vm, lock, err)) < 0)
        return aq_error_context(err, "the snapshots of VM %s were being changed when that was cut short",
                                vm->name);
    return aq_vm_tables_end(vm, lock, err);
}
