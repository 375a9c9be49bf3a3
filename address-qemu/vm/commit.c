/* SPDX-License-Identifier: MIT */
/*
 * Committing. qemu-img copies what the VM's own disk holds down into the image below; until that is whole,
 * the VM's own disk still hides whatever of it is there, so the VM reads the same at every moment. Nothing
 * but the VM stands on that image, whose pin or seal is broken from the first write on; so nobody else takes
 * to it meanwhile. What is pending is ended by doing it again: the same is copied once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/base.h"
#include "image/chain.h"
#include "image/qcow2.h"
#include "image/qemu_img.h"
#include "util/files.h"
#include "vm/disk.h"
#include "vm/file_users.h"
#include "vm/hold.h"
#include "vm/merge.h"
#include "vm/record.h"
#include "vm/snapshot_find.h"
#include "vm/space.h"

enum { COPY_MS = 12 * 3600 * 1000 };

/* What the changes go down into. */
struct target {
    const struct aq_parent *parent;
    int lock; /* held exclusively */
    struct aq_layer layer;
    struct aq_base base;
    const char *path;
};

#define TARGET_NONE                                                                                          \
    {                                                                                                        \
        .lock = -1                                                                                           \
    }

static void target_free(struct target *target)
{
    aq_cleanup_close(&target->lock);
    aq_layer_free(&target->layer);
    aq_base_free(&target->base);
}

/* A user's own file has no folder to lock: whoever makes something of it locks the file itself. */
static int lock_file(struct target *target, struct aq_error *err)
{
    aq_cleanup_close(&target->lock);
    target->lock = aq_open_input(target->path, err);
    if (target->lock >= 0 && flock(target->lock, LOCK_EX | LOCK_NB) < 0)
        return aq_fail(err, AQ_E_IMAGE_IN_USE, "another process is making something of %s right now",
                       target->path);
    return target->lock < 0 ? -1 : 0;
}

static int target_open(const struct aq_parent *parent, struct target *target, struct aq_error *err)
{
    target->parent = parent;
    target->lock = aq_parent_lock(parent, AQ_LOCK_EXCLUSIVE, err);
    if (target->lock < 0)
        return -1;
    switch (parent->kind) {
    case AQ_PARENT_LAYER:
        if (aq_layer_load(parent->name, &target->layer, err) < 0)
            return -1;
        target->path = target->layer.path;
        return 0;
    case AQ_PARENT_BASE:
        if (aq_base_load(parent->name, &target->base, err) < 0)
            return -1;
        target->path = target->base.path;
        return 0;
    default:
        target->path = parent->name;
        return lock_file(target, err);
    }
}

static int check_kind(const struct aq_vm *vm, const struct target *target, struct aq_error *err)
{
    char id[AQ_LAYER_SHORT_TEXT];
    if (target->parent->kind != AQ_PARENT_LAYER || strcmp(target->layer.kind, AQ_LAYER_BUILT) != 0)
        return 0;
    return aq_fail(
        err, AQ_E_NOT_SUPPORTED,
        "the VM %s stands on the layer %s, which was built from a spec and is what its key says for ever; "
        "`flatten name=%s` makes the VM stand alone, `clone vm=%s` makes others from it as it is",
        vm->name, aq_layer_short(target->layer.id, id), vm->name, vm->name);
}

/* Whatever else stands on it would find other contents. */
static int check_siblings(const struct aq_vm *vm, const struct target *target, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autobuffer struct aq_buffer others = {0};
    aq_autofree char *self = aq_format("VM %s", vm->name), *what = aq_parent_text(target->parent);
    aq_autofree char *base = aq_format("base %s", target->parent->name);
    bool is_file = target->parent->kind == AQ_PARENT_FILE;
    if (aq_file_writers(target->path, &names, err) < 0 || aq_file_readers(target->path, &names, err) < 0 ||
        (!is_file && aq_dependents_of(target->parent, aq_vm_dependents, &names, err) < 0))
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (strcmp(names.items[i], self) != 0 && (is_file || strcmp(names.items[i], base) != 0))
            aq_buffer_format(&others, "%s%s", others.length > 0 ? ", " : "", names.items[i]);
    if (others.length == 0)
        return 0;
    return aq_fail(
        err, target->parent->kind == AQ_PARENT_LAYER ? AQ_E_LAYER_IN_USE : AQ_E_BASE_IN_USE,
        "the changes of VM %s cannot go down into %s while this stands on it too: %s; `flatten` or remove "
        "that first%s",
        vm->name, what, others.data, aq_dependents_advice(&names));
}

/* Half way down is no good place to find that out. */
static int check_space(const struct aq_vm *vm, int lock, const struct target *target, struct aq_error *err)
{
    struct stat disk;
    aq_autofree char *what = aq_format("what the disk of VM %s holds", vm->name);
    if (fstatat(lock, vm->disk, &disk, AT_SYMLINK_NOFOLLOW) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot look at the disk of VM %s", vm->name);
    return aq_need_space(target->path, (uint64_t)disk.st_blocks * 512, what, err);
}

/* The chain as it was when the VM was checked: of the image that is written to, nothing can be checked any
 * more. */
static int copy_down(const struct aq_vm *vm, const struct target *target, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    if (path == NULL || aq_chain_append(&chain, AQ_PARENT_NONE, "", path, err) < 0 ||
        aq_chain_append(&chain, target->parent->kind, target->parent->name, target->path, err) < 0 ||
        aq_chain_add(&target->layer.parent, &chain, err) < 0)
        return -1;
    aq_autofree char *image = aq_chain_name(&chain, err);
    if (image == NULL)
        return -1;
    bool ours = target->parent->kind == AQ_PARENT_LAYER || target->base.copy;
    if (ours && chmod(target->path, 0600) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot write to %s", target->path);
    const char *const arguments[] = {"commit", "-q", "-d", image, NULL};
    return aq_qemu_img(arguments, AQ_TIED, aq_after_ms(COPY_MS), err);
}

/* What replaces the VM's disk, and what that stands on, is on record from here on. */
static int settle_record(struct aq_vm *vm, int lock, struct aq_parent parent, struct aq_error *err)
{
    aq_autofree char *old = vm->disk;
    vm->disk = aq_steal_ptr(&vm->pending.disk);
    vm->pending = (struct aq_pending){0};
    aq_parent_free(&vm->parent);
    vm->parent = parent;
    if (aq_vm_write(vm, lock, err) < 0)
        return -1;
    unlinkat(lock, old, 0);
    return 0;
}

/* The layer's image becomes the VM's disk. */
static int take_layer(struct aq_vm *vm, int lock, struct target *target, struct aq_error *err)
{
    char id[AQ_LAYER_ID_TEXT];
    memcpy(id, target->layer.id, sizeof id);
    unlinkat(lock, vm->pending.disk, 0);
    if (linkat(AT_FDCWD, target->path, lock, vm->pending.disk, 0) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make %s the disk of VM %s", target->path, vm->name);
    struct aq_parent below = target->layer.parent;
    target->layer.parent = (struct aq_parent){0};
    return settle_record(vm, lock, below, err) < 0 ? -1 : aq_layer_remove_held(id, err);
}

/* A base or a user's own file stays what the VM stands on, with another content. */
static int pin_anew(struct aq_vm *vm, int lock, struct target *target, bool pinned_already,
                    struct aq_error *err)
{
    struct aq_parent parent = aq_parent_copy(target->parent);
    bool base = parent.kind == AQ_PARENT_BASE;
    if (pinned_already)
        parent.pin = target->base.pin;
    int pinned = pinned_already ? 0
                 : base         ? aq_base_pin_anew(parent.name, target->lock, &parent.pin, err)
                 : aq_pin_of_path(target->path, &parent.pin)
                     ? 0
                     : aq_fail(err, AQ_E_IMAGE_MISSING, "there is no file %s any more", target->path);
    unlinkat(lock, vm->pending.disk, 0);
    if (pinned < 0 || aq_vm_make_overlay(lock, vm->pending.disk, &parent, vm->disk_size, err) < 0) {
        aq_parent_free(&parent);
        return -1;
    }
    return settle_record(vm, lock, parent, err);
}

/* Whether the base was pinned anew already: all is in it, and others may stand on it as it is now. */
static bool is_down(const struct aq_vm *vm, const struct target *target)
{
    struct aq_pin now;
    return target->parent->kind == AQ_PARENT_BASE && !aq_pin_equal(&target->base.pin, &vm->parent.pin) &&
           aq_pin_of_path(target->path, &now) && aq_pin_equal(&now, &target->base.pin);
}

static int finish(struct aq_vm *vm, int lock, struct target *target, struct aq_error *err)
{
    bool down = is_down(vm, target);
    if (!down && copy_down(vm, target, err) < 0)
        return -1;
    aq_interrupt_hold();
    int done = target->parent->kind == AQ_PARENT_LAYER ? take_layer(vm, lock, target, err)
                                                       : pin_anew(vm, lock, target, down, err);
    aq_interrupt_release();
    return done;
}

int aq_vm_commit_settle(struct aq_vm *vm, int lock, struct aq_error *err)
{
    aq_cleanup(target_free) struct target target = TARGET_NONE;
    aq_autoparent struct aq_parent parent = aq_parent_copy(&vm->parent);
    if (target_open(&parent, &target, err) < 0 || finish(vm, lock, &target, err) < 0)
        return aq_error_context(err, "a commit of VM %s was begun and has to be ended first", vm->name);
    return 0;
}

int aq_vm_commit(const char *name, struct aq_parent *into, struct aq_error *err)
{
    aq_cleanup(target_free) struct target target = TARGET_NONE;
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    aq_autochain struct aq_chain chain = {0};
    *into = (struct aq_parent){0};
    if (aq_vm_hold(name, &hold, err) < 0 ||
        aq_vm_hold_need_stopped(&hold, "its changes go down into what it stands on", err) < 0)
        return -1;
    struct aq_vm *vm = &hold.vm;
    if (vm->parent.kind == AQ_PARENT_NONE)
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the VM %s stands alone: there is nothing for its changes to go down into", name);
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    *into = aq_parent_copy(&vm->parent);
    if (path == NULL || aq_snapshot_refuse(vm, hold.lock, "be committed", err) < 0 ||
        target_open(into, &target, err) < 0 || check_kind(vm, &target, err) < 0 ||
        check_siblings(vm, &target, err) < 0 || aq_chain_of_disk(path, into, &chain, err) < 0 ||
        check_space(vm, hold.lock, &target, err) < 0)
        return -1;
    vm->pending.what = AQ_PENDING_COMMIT;
    vm->pending.disk = aq_vm_disk_name();
    if (aq_vm_write(vm, hold.lock, err) < 0)
        return -1;
    if (finish(vm, hold.lock, &target, err) < 0)
        return aq_error_context(
            err, "the commit of VM %s is not whole; the next command that uses the VM ends it", name);
    return 0;
}
