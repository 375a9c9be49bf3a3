/* SPDX-License-Identifier: MIT */
/*
 * Saved states: a snapshot with memory under a name that no user can give, and a note in the VM's record. The
 * note is written last when a state is saved and removed when it was gone on from, so what it says is there.
 * A process killed in between leaves a VM that is stopped, or paused, and a snapshot that the next save
 * replaces.
 */
#include <string.h>

#include "qemu/launch.h"
#include "util/clock.h"
#include "vm/lifecycle.h"
#include "vm/snapshot_file.h"
#include "vm/snapshot_find.h"
#include "vm/snapshot_live.h"
#include "vm/start.h"

enum { QMP_MS = 20000, REMOVE_MS = 60000 };

static int tell(int run_folder, const char *command, struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, aq_after_ms(QMP_MS), err);
    return qmp == NULL ? -1 : aq_qmp_command(qmp, command, NULL, aq_after_ms(QMP_MS), NULL, err);
}

/* The VM stands still from here on: what it did after it was saved would be lost. */
static int save_and_end(const struct aq_vm *vm, int lock, int run_folder, const struct aq_run *run,
                        aq_deadline deadline, struct aq_error *err)
{
    char now[AQ_TIME_TEXT];
    if (aq_snapshot_live_delete(run_folder, AQ_SNAPSHOT_SAVED_STATE, deadline, err) < 0 ||
        aq_snapshot_live_save(run_folder, AQ_SNAPSHOT_SAVED_STATE, true, true, deadline, err) < 0)
        return -1;
    if (aq_qemu_end(run_folder, &run->process, err) < 0)
        return -1;
    aq_run_forget(lock, run);
    return aq_vm_note_saved(lock, vm, aq_now_text(now), err);
}

int aq_vm_save_state(const struct aq_vm *vm, aq_deadline deadline, struct aq_error *err)
{
    struct aq_run run = {0};
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0 || aq_run_need(vm, &run, err) < 0)
        return -1;
    aq_autoclose int run_folder = aq_run_open_folder(&run, err);
    if (run_folder < 0)
        return -1;
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    int saved = tell(run_folder, "stop", err);
    if (saved == 0)
        saved = save_and_end(vm, lock, run_folder, &run, deadline, err);
    if (saved < 0 && !run.paused && aq_process_alive(&run.process))
        tell(run_folder, "cont", &ignored);
    aq_interrupt_release();
    return saved;
}

int aq_vm_restore_state(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    aq_autovm struct aq_vm now = {0};
    if (lock < 0 || aq_vm_load(vm->name, &now, err) < 0)
        return -1;
    if (!aq_vm_is_saved(&now))
        return aq_fail(err, AQ_E_STATE_NOT_FOUND, "the VM %s has no saved state; `start name=%s` boots it",
                       vm->name, vm->name);
    if (aq_vm_start_locked(&now, lock, AQ_SNAPSHOT_SAVED_STATE, run, err) < 0)
        return -1;
    aq_autoclose int run_folder = aq_run_open_folder(run, err);
    if (run_folder < 0)
        return -1;
    if (aq_vm_note_saved(lock, &now, NULL, err) < 0) { /* the note stays, so what it speaks of has to */
        aq_qemu_kill(run_folder, &run->process);
        aq_run_forget(lock, run);
        return -1;
    }
    struct aq_error ignored = {0}; /* one that cannot be removed takes room until the next save */
    aq_snapshot_live_delete(run_folder, AQ_SNAPSHOT_SAVED_STATE, aq_after_ms(REMOVE_MS), &ignored);
    return 0;
}

int aq_vm_discard_state(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    aq_autovm struct aq_vm now = {0};
    if (lock < 0 || aq_vm_load(vm->name, &now, err) < 0)
        return -1;
    if (!aq_vm_is_saved(&now))
        return 0;
    if (aq_vm_note_saved(lock, &now, NULL, err) < 0)
        return -1;
    return aq_snapshot_file(vm, AQ_SNAPSHOT_FILE_DELETE, AQ_SNAPSHOT_SAVED_STATE, err);
}
