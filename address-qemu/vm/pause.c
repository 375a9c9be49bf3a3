/* SPDX-License-Identifier: MIT */
/*
 * Pausing. QEMU knows whether the CPUs stand still; the run record says it too, so that a listing of
 * thousands of VMs need not ask each QEMU. Where the two differ (a process died between telling QEMU and
 * noting it), the next pause or resume goes by QEMU.
 */
#include <string.h>

#include "qemu/qmp.h"
#include "vm/lifecycle.h"
#include "vm/saved_state.h"

enum { QMP_MS = 20000 };

static int tell(struct aq_qmp *qmp, bool paused, struct aq_error *err)
{
    return aq_qmp_command(qmp, paused ? "stop" : "cont", NULL, aq_after_ms(QMP_MS), NULL, err);
}

/* Whatever made the note fail, the VM goes on as it was. */
static void take_back(struct aq_qmp *qmp, bool paused)
{
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    tell(qmp, !paused, &ignored);
    aq_interrupt_release();
}

static int set_paused(const struct aq_vm *vm, bool paused, struct aq_run *run, bool *changed,
                      struct aq_error *err)
{
    aq_autoclose int vm_folder = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    if (vm_folder < 0 || aq_run_need(vm, run, err) < 0)
        return -1;
    aq_autoclose int run_folder = aq_run_open_folder(run, err);
    if (run_folder < 0)
        return -1;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, aq_after_ms(QMP_MS), err);
    if (qmp == NULL)
        return -1;
    aq_autofree char *status = aq_qmp_status(qmp, aq_after_ms(QMP_MS), err);
    if (status == NULL)
        return -1;
    *changed = paused == (strcmp(status, "running") == 0);
    if (*changed && tell(qmp, paused, err) < 0)
        return -1;
    if (!paused)
        aq_vm_went_on(vm->name, vm_folder, run, run_folder);
    if (run->paused == paused)
        return 0;
    run->paused = paused;
    if (aq_run_write(vm_folder, run, err) == 0)
        return 0;
    if (*changed)
        take_back(qmp, paused);
    return -1;
}

int aq_vm_pause(const struct aq_vm *vm, struct aq_run *run, bool *changed, struct aq_error *err)
{
    return set_paused(vm, true, run, changed, err);
}

int aq_vm_resume(const struct aq_vm *vm, struct aq_run *run, bool *changed, struct aq_error *err)
{
    return set_paused(vm, false, run, changed, err);
}
