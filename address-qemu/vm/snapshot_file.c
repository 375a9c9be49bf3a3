/* SPDX-License-Identifier: MIT */
#include "vm/snapshot_file.h"

#include "image/qemu_img.h"

enum { PATIENCE_MS = 600000 };

int aq_snapshot_file(const struct aq_vm *vm, int lock, enum aq_snapshot_file what, const char *name,
                     struct aq_error *err)
{
    static const char *const options[] = {"-c", "-a", "-d"};
    aq_autochain struct aq_chain disk = {0}; /* no snapshot needs what is below it */
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    if (path == NULL || aq_chain_append(&disk, AQ_PARENT_NONE, "", path, err) < 0)
        return -1;
    aq_autofree char *image = aq_chain_name(&disk, err);
    if (image == NULL)
        return -1;
    const char *const arguments[] = {"snapshot", "-q", options[what], name, image, NULL};
    aq_interrupt_hold();
    int done = aq_qemu_img(arguments, lock, aq_after_ms(PATIENCE_MS), err);
    aq_interrupt_release();
    return done;
}
