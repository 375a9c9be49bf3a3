/* SPDX-License-Identifier: MIT */
#include "vm/hold.h"

#include "vm/disk.h"
#include "vm/orphan.h"
#include "vm/recover.h"
#include "vm/saved_state.h"

int aq_vm_hold(const char *name, struct aq_vm_hold *hold, struct aq_error *err)
{
    hold->lock = aq_vm_lock(name, AQ_LOCK_EXCLUSIVE, err);
    if (hold->lock < 0 || aq_vm_load(name, &hold->vm, err) < 0)
        return -1;
    int running = aq_run_read(&hold->vm, &hold->run, err);
    if (running < 0)
        return -1;
    hold->running = running > 0;
    if (hold->running ? (hold->run_folder = aq_run_open_folder(&hold->run, err)) < 0
                      : aq_orphan_end(&hold->vm, hold->lock, &hold->run, err) < 0)
        return -1;
    if (aq_vm_settle_saved(&hold->vm, hold->lock, &hold->run, hold->run_folder, err) < 0 ||
        aq_vm_recover(&hold->vm, hold->lock, hold->run_folder, err) < 0)
        return -1;
    aq_vm_read_size(&hold->vm, hold->lock); /* a resize may have been killed */
    return 0;
}

void aq_vm_let_go(struct aq_vm_hold *hold)
{
    aq_cleanup_close(&hold->run_folder);
    aq_cleanup_close(&hold->lock);
    aq_vm_free(&hold->vm);
    *hold = (struct aq_vm_hold)AQ_VM_HOLD_NONE;
}

int aq_vm_hold_need_stopped(const struct aq_vm_hold *hold, const char *wish, struct aq_error *err)
{
    const struct aq_vm *vm = &hold->vm;
    if (hold->running)
        return aq_fail(err, AQ_E_VM_RUNNING, "the VM %s is %s; `stop name=%s` it before %s", vm->name,
                       aq_run_status(vm, &hold->run), vm->name, wish);
    if (aq_vm_is_saved(vm))
        return aq_fail(
            err, AQ_E_VM_SAVED,
            "the VM %s has a state that was saved at %s, which would be lost; `restore_state` it and stop "
            "it, or `start` it with discard_state=true, before %s",
            vm->name, vm->saved, wish);
    return 0;
}
