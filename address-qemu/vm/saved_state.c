/* SPDX-License-Identifier: MIT */
/*
 * Saved states: a snapshot with memory under a name that no user can give, and a note in the VM's record.
 *
 * Saving: the VM is stopped, its state is written, the note is made, QEMU is ended. Whoever is killed before
 * the note leaves a VM that goes on (a guard sees to it) and a snapshot that the next save replaces; after
 * it, one that is saved, unless QEMU was not told to end yet: it goes on, and the note is void. Going on:
 * QEMU loads the state and goes on, the run record says so, the note is removed. Whoever is killed in between
 * leaves a note that is void as well. Both are seen by whoever holds the VM next.
 */
#include "vm/saved_state.h"

#include <string.h>

#include "qemu/launch.h"
#include "util/clock.h"
#include "util/guard.h"
#include "vm/bound.h"
#include "vm/hold.h"
#include "vm/lifecycle.h"
#include "vm/mend.h"
#include "vm/snapshot_file.h"
#include "vm/snapshot_find.h"
#include "vm/snapshot_live.h"
#include "vm/space.h"
#include "vm/start.h"

enum { QMP_MS = 20000, REMOVE_MS = 60000 };

/* Does it? One that is about to end may not answer any more. */
static bool goes_on(const struct aq_run *run, int run_folder)
{
    struct aq_error ignored = {0};
    if (run->resumed || run_folder < 0)
        return run->resumed;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, aq_after_ms(QMP_MS), &ignored);
    aq_autofree char *status = qmp != NULL ? aq_qmp_status(qmp, aq_after_ms(QMP_MS), &ignored) : NULL;
    return status != NULL && strcmp(status, "running") == 0;
}

int aq_vm_settle_saved(struct aq_vm *vm, int lock, struct aq_run *run, int run_folder, struct aq_error *err)
{
    if (aq_vm_is_saved(vm) && goes_on(run, run_folder)) {
        if (aq_vm_note_saved(lock, vm, NULL, err) < 0)
            return -1;
        vm->saved[0] = '\0';
    }
    if (!run->resumed || run_folder < 0)
        return 0;
    run->resumed = false;
    return aq_run_write(lock, run, err);
}

void aq_vm_went_on(const char *name, int lock, struct aq_run *run, int run_folder)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_error ignored = {0};
    if (run_folder >= 0 && aq_vm_load(name, &vm, &ignored) == 0)
        aq_vm_settle_saved(&vm, lock, run, run_folder, &ignored);
}

/* The state is there, and the VM is to be ended: from here on it is saved. */
static int note_and_quit(const struct aq_vm_hold *hold, struct aq_qmp *qmp, struct aq_error *err)
{
    char now[AQ_TIME_TEXT];
    struct aq_error ignored = {0};
    if (aq_vm_note_saved(hold->lock, &hold->vm, aq_now_text(now), err) < 0)
        return -1;
    if (aq_qmp_command(qmp, "quit", NULL, aq_after_ms(QMP_MS), NULL, err) == 0)
        return 0;
    aq_vm_note_saved(hold->lock, &hold->vm, NULL, &ignored);
    return -1;
}

/* In the place of one that was left. */
static int write_state(struct aq_vm_hold *hold, struct aq_qmp *qmp, aq_deadline deadline,
                       struct aq_error *err)
{
    if (aq_vm_tables_begin(&hold->vm, hold->lock, err) < 0)
        return -1;
    int written = aq_snapshot_delete(qmp, AQ_SNAPSHOT_SAVED_STATE, deadline, err) < 0
                      ? -1
                      : aq_snapshot_save(qmp, AQ_SNAPSHOT_SAVED_STATE, deadline, err);
    return aq_vm_tables_done(&hold->vm, hold->lock, &hold->run.process, written, err);
}

/* The VM stands still from here on: what it did after it was saved would be lost. Should this process die
   before it is done, somebody else tells QEMU to go on. */
static int save_and_end(struct aq_vm_hold *hold, struct aq_qmp *qmp, aq_deadline deadline,
                        struct aq_error *err)
{
    aq_autoguard struct aq_guard guard = AQ_GUARD_NONE;
    struct aq_error ignored = {0};
    if (!hold->run.paused &&
        aq_guard_begin(aq_qmp_descriptor(qmp), "{\"execute\": \"cont\"}\n", &guard, err) < 0)
        return -1;
    if (aq_qmp_command(qmp, "stop", NULL, aq_after_ms(QMP_MS), NULL, err) == 0 &&
        write_state(hold, qmp, deadline, err) == 0 && note_and_quit(hold, qmp, err) == 0)
        return 0;
    if (!hold->run.paused)
        aq_qmp_command(qmp, "cont", NULL, aq_after_ms(QMP_MS), NULL, &ignored);
    return -1;
}

int aq_vm_save_state(const struct aq_vm *vm, aq_deadline deadline, struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    if (aq_vm_hold(vm->name, &hold, err) < 0 || (!hold.running && aq_run_need(vm, &hold.run, err) < 0) ||
        aq_vm_need_memory_space(&hold, err) < 0 || aq_vm_bind(&hold, err) < 0)
        return -1;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(hold.run_folder, aq_after_ms(QMP_MS), err);
    if (qmp == NULL)
        return -1;
    aq_interrupt_hold();
    int saved = save_and_end(&hold, qmp, deadline, err);
    aq_qmp_close(aq_steal_ptr(&qmp));
    if (saved == 0)
        saved = aq_qemu_end(hold.run_folder, &hold.run.process, err);
    if (saved == 0)
        aq_run_forget(hold.lock, &hold.run);
    aq_interrupt_release();
    return saved;
}

/* One that cannot be removed takes room until the next save. The record is as the start has left it. */
static void drop_state(const char *name, int lock, const struct aq_run *run, int run_folder)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_error ignored = {0};
    if (aq_vm_load(name, &vm, &ignored) < 0 || aq_vm_tables_begin(&vm, lock, &ignored) < 0)
        return;
    int dropped =
        aq_snapshot_live_delete(run_folder, AQ_SNAPSHOT_SAVED_STATE, aq_after_ms(REMOVE_MS), &ignored);
    aq_vm_tables_done(&vm, lock, &run->process, dropped, &ignored);
}

int aq_vm_restore_state(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    if (aq_vm_hold(vm->name, &hold, err) < 0)
        return -1;
    if (!aq_vm_is_saved(&hold.vm))
        return aq_fail(err, AQ_E_STATE_NOT_FOUND, "the VM %s has no saved state; `start name=%s` boots it",
                       vm->name, vm->name);
    if (aq_vm_start_locked(&hold.vm, hold.lock, AQ_SNAPSHOT_SAVED_STATE, run, err) < 0)
        return -1;
    aq_autoclose int run_folder = aq_run_open_folder(run, err);
    if (run_folder < 0)
        return -1;
    if (aq_vm_settle_saved(&hold.vm, hold.lock, run, run_folder, err) < 0) {
        /* the note stays, so what it speaks of has to */
        aq_qemu_kill(run_folder, &run->process);
        aq_run_forget(hold.lock, run);
        return -1;
    }
    drop_state(vm->name, hold.lock, run, run_folder);
    return 0;
}

int aq_vm_discard_state(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    if (aq_vm_hold(vm->name, &hold, err) < 0)
        return -1;
    if (!aq_vm_is_saved(&hold.vm))
        return 0;
    if (aq_vm_note_saved(hold.lock, &hold.vm, NULL, err) < 0)
        return -1;
    return aq_snapshot_file(&hold.vm, hold.lock, AQ_SNAPSHOT_FILE_DELETE, AQ_SNAPSHOT_SAVED_STATE, err);
}
