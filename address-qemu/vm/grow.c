/* SPDX-License-Identifier: MIT */
#include "vm/grow.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/chain.h"
#include "image/qcow2.h"
#include "image/qemu_img.h"
#include "util/files.h"
#include "vm/disk.h"
#include "vm/record.h"
#include "vm/resize.h"
#include "vm/space.h"

enum { COPY_MS = 3600 * 1000 };

char *aq_vm_grow_overlay(const struct aq_vm_hold *hold, uint64_t size, struct aq_error *err)
{
    aq_autofree char *disk = aq_vm_disk_path(&hold->vm, err), *name = aq_vm_disk_name();
    aq_autoclose int fd = disk != NULL ? aq_make_file_at(hold->lock, name, NULL, 0, 0600, err) : -1;
    if (fd < 0)
        return NULL;
    if (aq_qcow2_write_overlay(fd, name, disk, size, err) == 0)
        return aq_steal_ptr(&name);
    unlinkat(hold->lock, name, 0);
    return NULL;
}

static int open_overlay(int lock, const char *name, struct aq_error *err)
{
    int fd = openat(lock, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? fd : aq_fail_errno(err, AQ_E_IMAGE_MISSING, errno, "cannot open %s", name);
}

/* qemu-img writes to the disk while it holds on to the VM's lock, whatever becomes of us. */
static int copy_down(const struct aq_vm *vm, int lock, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *disk = aq_vm_disk_path(vm, err), *overlay = aq_path_at(lock, vm->pending.disk);
    if (disk == NULL || aq_chain_append(&chain, AQ_PARENT_NONE, "", overlay, err) < 0 ||
        aq_chain_append(&chain, AQ_PARENT_NONE, "", disk, err) < 0 ||
        aq_chain_add(&vm->parent, &chain, err) < 0)
        return -1;
    aq_autofree char *image = aq_chain_name(&chain, err);
    const char *const arguments[] = {"commit", "-q", "-d", image, NULL};
    return image == NULL ? -1 : aq_qemu_img(arguments, lock, aq_after_ms(COPY_MS), err);
}

static int finish(struct aq_vm *vm, int lock, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autofree char *overlay = aq_strdup(vm->pending.disk);
    aq_autoclose int fd = open_overlay(lock, overlay, err);
    if (fd < 0 || aq_qcow2_read(fd, overlay, &info, err) < 0 || copy_down(vm, lock, err) < 0)
        return -1;
    vm->disk_size = info.virtual_size;
    free(vm->pending.disk);
    vm->pending = (struct aq_pending){0};
    if (aq_vm_write(vm, lock, err) < 0)
        return -1;
    unlinkat(lock, overlay, 0);
    return 0;
}

int aq_vm_grow_settle(struct aq_vm *vm, int lock, struct aq_error *err)
{
    aq_interrupt_hold();
    int done = finish(vm, lock, err);
    aq_interrupt_release();
    return done == 0 ? 0
                     : aq_error_context(err,
                                        "the disk of VM %s was being made larger, which has to be ended "
                                        "first",
                                        vm->name);
}

/* Half way down is no good place to find that out. */
static int check_space(const struct aq_vm *vm, int overlay, struct aq_error *err)
{
    struct stat file;
    aq_autofree char *disk = aq_vm_disk_path(vm, err);
    aq_autofree char *what = aq_format("what is changed on the disk of VM %s", vm->name);
    if (disk == NULL || fstat(overlay, &file) < 0)
        return aq_fail(err, AQ_E_IO, "cannot look at the overlay of VM %s", vm->name);
    return aq_need_space(disk, (uint64_t)file.st_blocks * 512, what, err);
}

/* The disk itself is made larger first: should it not be possible, nothing is pending yet, and nobody can
   tell the difference. */
static int note(struct aq_vm_hold *hold, const char *overlay, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autoclose int fd = open_overlay(hold->lock, overlay, err);
    if (fd < 0 || aq_qcow2_read(fd, overlay, &info, err) < 0 || check_space(&hold->vm, fd, err) < 0 ||
        aq_sync_files(&fd, 1, err) < 0 ||
        aq_vm_resize_file(&hold->vm, hold->lock, info.virtual_size, err) < 0)
        return -1;
    hold->vm.pending.what = AQ_PENDING_GROW;
    hold->vm.pending.disk = aq_strdup(overlay);
    if (aq_vm_write(&hold->vm, hold->lock, err) == 0)
        return 0;
    free(hold->vm.pending.disk);
    hold->vm.pending = (struct aq_pending){0};
    return -1;
}

int aq_vm_grow_adopt(struct aq_vm_hold *hold, const char *overlay, struct aq_error *err)
{
    aq_interrupt_hold();
    int done = note(hold, overlay, err);
    if (done < 0)
        unlinkat(hold->lock, overlay, 0);
    else if ((done = finish(&hold->vm, hold->lock, err)) < 0)
        aq_error_context(err,
                         "what is in the disk of VM %s has not grown yet; the next command that uses the "
                         "VM ends it",
                         hold->vm.name);
    aq_interrupt_release();
    return done;
}
