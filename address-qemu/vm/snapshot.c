/* SPDX-License-Identifier: MIT */
#include "vm/snapshot.h"

#include "vm/bound.h"
#include "vm/hold.h"
#include "vm/mend.h"
#include "vm/quiesce.h"
#include "vm/snapshot_file.h"
#include "vm/snapshot_find.h"
#include "vm/snapshot_live.h"
#include "vm/space.h"
#include "vm/start.h"

enum { REMOVE_MS = 60000 };

/* The VM while one of its snapshots is at hand. */
struct work {
    struct aq_vm_hold hold;
    struct aq_qcow2_snapshots snapshots;
};

static void work_free(struct work *work)
{
    aq_qcow2_snapshots_free(&work->snapshots);
    aq_vm_let_go(&work->hold);
}

static int work_begin(const struct aq_vm *vm, struct work *work, struct aq_error *err)
{
    *work = (struct work){.hold = AQ_VM_HOLD_NONE};
    return aq_vm_hold(vm->name, &work->hold, err) < 0
               ? -1
               : aq_vm_snapshots(&work->hold.vm, &work->snapshots, err);
}

/* Without memory, of a guest that stands still. One that was not quiet all the while, but had to be, is
 * removed again. */
static int take_disk(struct work *work, const char *name, struct aq_quiet *quiet, aq_deadline deadline,
                     struct aq_error *err)
{
    struct aq_error ignored = {0};
    const struct aq_vm_hold *hold = &work->hold;
    if (aq_quiet_begin(quiet, err) < 0)
        return -1;
    int taken = aq_snapshot_live_save(hold->run_folder, name, false, hold->run.paused, deadline, err);
    if (aq_quiet_end(quiet, err) == 0)
        return taken;
    if (taken == 0)
        aq_snapshot_live_delete(hold->run_folder, name, aq_after_ms(REMOVE_MS), &ignored);
    return -1;
}

static int take_running(struct work *work, const char *name, enum aq_quiesce quiesce, aq_deadline deadline,
                        struct aq_snapshot_taken *taken, struct aq_error *err)
{
    aq_autoquiet struct aq_quiet quiet = AQ_QUIET_NONE;
    struct aq_vm_hold *hold = &work->hold;
    if (taken->memory && quiesce == AQ_QUIESCE_TRY)
        quiesce = AQ_QUIESCE_NEVER; /* what is not on its disk is in its memory */
    if (aq_quiet_open(&hold->vm, &hold->run, quiesce, &quiet, err) < 0)
        return -1;
    if (!taken->memory) {
        int done = take_disk(work, name, &quiet, deadline, err);
        taken->quiesced = quiet.done;
        return done;
    }
    if (aq_vm_need_memory_space(hold, err) < 0)
        return -1;
    /* A guest that was frozen would be frozen in the snapshot too. */
    taken->quiesced = quiet.open;
    if (quiet.open && aq_channel_sync(quiet.guest.channel, deadline, err) < 0)
        return -1;
    aq_quiet_close(&quiet);
    if (aq_vm_bind(hold, err) < 0)
        return -1;
    return aq_snapshot_live_save(hold->run_folder, name, true, hold->run.paused, deadline, err);
}

/* On the file of one that is stopped. */
static int change_file(struct work *work, enum aq_snapshot_file what, const char *name, struct aq_error *err)
{
    struct aq_error ignored = {0};
    struct aq_vm *vm = &work->hold.vm;
    if (aq_vm_tables_begin(vm, work->hold.lock, err) < 0)
        return -1;
    int done = aq_snapshot_file(vm, work->hold.lock, what, name, err);
    if (done == 0)
        aq_vm_tables_end(vm, work->hold.lock, &ignored);
    else
        aq_vm_tables_settle(vm, work->hold.lock, -1, &ignored);
    return done;
}

int aq_vm_snapshot(const struct aq_vm *vm, const char *name, enum aq_snapshot_memory memory,
                   enum aq_quiesce quiesce, aq_deadline deadline, struct aq_snapshot_taken *taken,
                   struct aq_error *err)
{
    aq_cleanup(work_free) struct work work;
    struct aq_snapshot_taken unwanted;
    if (taken == NULL)
        taken = &unwanted;
    if (work_begin(vm, &work, err) < 0 || aq_snapshot_check_name(name, err) < 0)
        return -1;
    if (aq_snapshot_find(&work.snapshots, name) != NULL)
        return aq_fail(err, AQ_E_SNAPSHOT_EXISTS, "the VM %s has a snapshot %s already; choose another name",
                       vm->name, name);
    *taken = (struct aq_snapshot_taken){.memory = memory == AQ_SNAPSHOT_MEMORY ||
                                                  (memory == AQ_SNAPSHOT_AUTO && work.hold.running)};
    if (taken->memory && !work.hold.running)
        return aq_fail(err, AQ_E_VM_NOT_RUNNING,
                       "the VM %s is stopped, so there is no memory to take; leave memory=true away",
                       vm->name);
    if (!work.hold.running)
        return change_file(&work, AQ_SNAPSHOT_FILE_CREATE, name, err);
    if (aq_vm_tables_begin(&work.hold.vm, work.hold.lock, err) < 0)
        return -1;
    int done = take_running(&work, name, quiesce, deadline, taken, err);
    return aq_vm_tables_done(&work.hold.vm, work.hold.lock, &work.hold.run.process, done, err);
}

static int restore_running(struct work *work, const struct aq_qcow2_snapshot *snapshot, aq_deadline deadline,
                           struct aq_error *err)
{
    const struct aq_vm *vm = &work->hold.vm;
    if (snapshot->vm_state_size == 0)
        return aq_fail(err, AQ_E_VM_RUNNING,
                       "the snapshot %s holds the disk of VM %s without its memory, and a disk cannot be "
                       "changed under a running guest; `stop name=%s` it first",
                       snapshot->name, vm->name, vm->name);
    if (aq_vm_tables_begin(&work->hold.vm, work->hold.lock, err) < 0)
        return -1;
    struct aq_vm_hold *hold = &work->hold;
    int loaded = aq_snapshot_live_load(hold->run_folder, snapshot->name, hold->run.paused, deadline, err);
    return aq_vm_tables_done(&hold->vm, hold->lock, &hold->run.process, loaded, err);
}

int aq_vm_snapshot_restore(const struct aq_vm *vm, const char *name, aq_deadline deadline, struct aq_run *run,
                           struct aq_error *err)
{
    aq_cleanup(work_free) struct work work;
    if (work_begin(vm, &work, err) < 0)
        return -1;
    const struct aq_qcow2_snapshot *snapshot = aq_snapshot_need(&work.snapshots, vm, name, err);
    if (snapshot == NULL)
        return -1;
    if (work.hold.running) {
        *run = work.hold.run;
        return restore_running(&work, snapshot, deadline, err) < 0 ? -1 : 1;
    }
    const struct aq_vm *now = &work.hold.vm;
    if (aq_vm_is_saved(now))
        return aq_fail(err, AQ_E_VM_SAVED,
                       "the VM %s has a state that was saved at %s, which would be lost; `restore_state` it "
                       "first, or `start` it with discard_state=true",
                       vm->name, now->saved);
    if (snapshot->vm_state_size == 0)
        return change_file(&work, AQ_SNAPSHOT_FILE_APPLY, name, err);
    if (aq_vm_start_locked(vm, work.hold.lock, name, run, err) < 0)
        return -1;
    work.hold.running = true;
    return 1;
}

int aq_vm_snapshot_remove(const struct aq_vm *vm, const char *name, aq_deadline deadline,
                          struct aq_error *err)
{
    aq_cleanup(work_free) struct work work;
    if (work_begin(vm, &work, err) < 0 || aq_snapshot_need(&work.snapshots, vm, name, err) == NULL)
        return -1;
    struct aq_vm_hold *hold = &work.hold;
    if (!hold->running)
        return change_file(&work, AQ_SNAPSHOT_FILE_DELETE, name, err);
    if (aq_vm_tables_begin(&hold->vm, hold->lock, err) < 0)
        return -1;
    int removed = aq_snapshot_live_delete(hold->run_folder, name, deadline, err);
    return aq_vm_tables_done(&hold->vm, hold->lock, &hold->run.process, removed, err);
}
