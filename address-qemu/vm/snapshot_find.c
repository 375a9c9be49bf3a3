/* SPDX-License-Identifier: MIT */
#include "vm/snapshot_find.h"

#include <stdlib.h>
#include <string.h>

#include "util/suggest.h"

/* QEMU may be writing the table this very moment. */
enum { TRIES = 5, PAUSE_MS = 20 };

static int read_disk(const struct aq_vm *vm, struct aq_qcow2_snapshots *snapshots, struct aq_error *err)
{
    aq_autoclose int folder = aq_vm_open(vm->name, err);
    if (folder < 0)
        return -1;
    aq_autoclose int disk = aq_vm_open_disk(vm, folder, err);
    if (disk < 0)
        return -1;
    struct aq_qcow2_info info;
    if (aq_qcow2_read(disk, vm->disk, &info, err) < 0 ||
        aq_qcow2_judge(&info, info.backing_file[0] != '\0' ? info.backing_file : NULL, vm->disk, err) < 0)
        return -1;
    return aq_qcow2_read_snapshots(disk, &info, vm->disk, snapshots, err);
}

static void hide_saved_state(struct aq_qcow2_snapshots *snapshots)
{
    size_t kept = 0;
    for (size_t i = 0; i < snapshots->count; i++) {
        struct aq_qcow2_snapshot one = snapshots->items[i];
        if (strcmp(one.name, AQ_SNAPSHOT_SAVED_STATE) != 0) {
            snapshots->items[kept++] = one;
            continue;
        }
        free(one.id);
        free(one.name);
    }
    snapshots->count = kept;
}

int aq_vm_snapshots(const struct aq_vm *vm, struct aq_qcow2_snapshots *snapshots, struct aq_error *err)
{
    for (int i = 1;; i++) {
        struct aq_error reason = {0};
        if (read_disk(vm, snapshots, &reason) == 0) {
            hide_saved_state(snapshots);
            return 0;
        }
        if (i == TRIES || reason.code == AQ_E_RECORD_INVALID || reason.code == AQ_E_VM_NOT_FOUND)
            return aq_fail(err, reason.code, "%s", reason.text);
        if (aq_sleep_until(aq_after_ms(PAUSE_MS), err) < 0)
            return -1;
    }
}

int aq_snapshot_check_name(const char *name, struct aq_error *err)
{
    if (name[strspn(name, "0123456789")] != '\0')
        return 0;
    return aq_fail(err, AQ_E_VALUE_INVALID,
                   "a snapshot cannot be called %s: QEMU takes digits alone for a snapshot's number", name);
}

const struct aq_qcow2_snapshot *aq_snapshot_find(const struct aq_qcow2_snapshots *snapshots, const char *name)
{
    for (size_t i = 0; i < snapshots->count; i++)
        if (strcmp(snapshots->items[i].name, name) == 0)
            return &snapshots->items[i];
    return NULL;
}

const struct aq_qcow2_snapshot *aq_snapshot_need(const struct aq_qcow2_snapshots *snapshots,
                                                 const struct aq_vm *vm, const char *name,
                                                 struct aq_error *err)
{
    const struct aq_qcow2_snapshot *found = aq_snapshot_find(snapshots, name);
    if (found != NULL)
        return found;
    aq_autostrings struct aq_strings names = {0};
    for (size_t i = 0; i < snapshots->count; i++)
        aq_strings_add(&names, snapshots->items[i].name);
    aq_autofree char *absent = aq_format("the VM %s has no snapshot %s", vm->name, name);
    aq_autofree char *all = aq_format("`list_snapshots name=%s` shows those it has", vm->name);
    aq_fail_unknown(err, AQ_E_SNAPSHOT_NOT_FOUND, absent, name, &names, all);
    return NULL;
}

int aq_snapshot_refuse(const struct aq_vm *vm, int folder, const char *wish, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autoclose int disk = aq_vm_open_disk(vm, folder, err);
    if (disk < 0 || aq_qcow2_read(disk, vm->disk, &info, err) < 0)
        return -1;
    if (info.snapshot_count == 0)
        return 0;
    return aq_fail(err, AQ_E_VM_HAS_SNAPSHOTS,
                   "the disk of VM %s cannot %s: it holds %u snapshots%s, which need what it stands on; "
                   "`remove_snapshot` those, or `clone vm=%s` and work on the clone",
                   vm->name, wish, info.snapshot_count, aq_vm_is_saved(vm) ? " (one is its saved state)" : "",
                   vm->name);
}
