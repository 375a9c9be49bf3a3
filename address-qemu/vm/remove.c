/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "qemu/launch.h"
#include "util/home.h"
#include "vm/lifecycle.h"
#include "vm/orphan.h"
#include "vm/recover.h"
#include "vm/snapshot_file.h"
#include "vm/snapshot_find.h"

/* Sees to it that nothing of the VM runs any more. */
static int end_running(const struct aq_vm *vm, int vm_folder, bool force, struct aq_error *err)
{
    struct aq_run run = {0};
    int running = aq_run_read(vm, &run, err);
    if (running < 0)
        return -1;
    if (running > 0 && !force)
        return aq_fail(err, AQ_E_VM_RUNNING,
                       "the VM %s is running; `stop name=%s` it first, or remove it with force=true",
                       vm->name, vm->name);
    struct aq_error ignored = {0};
    aq_autoclose int run_folder = running > 0 ? aq_run_open_folder(&run, &ignored) : -1;
    if (running > 0 && aq_qemu_end(run_folder, &run.process, err) < 0)
        return -1;
    if (aq_orphan_end(vm, vm_folder, &run, err) < 0)
        return -1;
    /* A starter that was killed early has made the folder and not noted it. */
    if (run.folder[0] == '\0' && strlen(vm->id) == AQ_UUID_TEXT - 1)
        aq_run_name_folder(vm, &run, &ignored);
    aq_run_forget(vm_folder, &run);
    return 0;
}

/* A user's own file stays, but not what was kept in it for this VM alone. */
static void clear_own_file(const struct aq_vm *vm, int vm_folder)
{
    struct aq_error ignored = {0};
    if (vm->disk != NULL && vm->disk[0] == '/' && aq_vm_is_saved(vm))
        aq_snapshot_file(vm, vm_folder, AQ_SNAPSHOT_FILE_DELETE, AQ_SNAPSHOT_SAVED_STATE, &ignored);
}

/* What goes down into an image has to get there whole: only the VM's own disk has what is missing. */
static int end_commit(struct aq_vm *vm, int vm_folder, struct aq_error *err)
{
    if (vm->pending.what != AQ_PENDING_COMMIT)
        return 0;
    aq_interrupt_hold();
    int settled = aq_vm_recover(vm, vm_folder, -1, err);
    aq_interrupt_release();
    return settled;
}

/* `id` is NULL, or whose it has to be. */
static int remove_vm(const char *name, const char *id, bool force, struct aq_error *err)
{
    aq_autoclose int vm_folder = aq_vm_lock(name, AQ_LOCK_EXCLUSIVE, err);
    aq_autoclose int vms = vm_folder >= 0 ? aq_open_home_dir("vms", err) : -1;
    if (vms < 0)
        return -1;
    aq_autovm struct aq_vm vm = {0};
    struct aq_error reason = {0};
    if (aq_vm_load_at(vms, name, &vm, &reason) == -1 && reason.code != AQ_E_RECORD_INVALID)
        return aq_fail(err, reason.code, "%s", reason.text);
    if (id != NULL && strcmp(vm.id, id) != 0)
        return 0;
    struct aq_vm named = vm;
    named.name = (char *)name; /* a damaged record may not have got as far as that */
    if (end_running(&named, vm_folder, force, err) < 0)
        return -1;
    if (end_commit(&vm, vm_folder, err) < 0)
        return -1;
    clear_own_file(&vm, vm_folder);
    return aq_folder_remove(vms, name, err);
}

int aq_vm_remove(const char *name, bool force, struct aq_error *err)
{
    return remove_vm(name, NULL, force, err);
}

void aq_vm_discard(const struct aq_vm *vm)
{
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    remove_vm(vm->name, vm->id, true, &ignored);
    aq_interrupt_release();
}
