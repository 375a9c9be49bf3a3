/* SPDX-License-Identifier: MIT */
#include "qemu/launch.h"
#include "util/home.h"
#include "vm/lifecycle.h"
#include "vm/orphan.h"

/* Sees to it that nothing of the VM runs any more. */
static int end_running(const struct aq_vm *vm, bool force, struct aq_error *err)
{
    struct aq_run run = {0};
    int running = aq_run_read(vm, &run, err);
    if (running < 0)
        return -1;
    if (running > 0 && !force)
        return aq_fail(err, AQ_E_VM_RUNNING,
                       "the VM %s is running; `stop name=%s` it first, or remove it with force=true",
                       vm->name, vm->name);
    aq_autoclose int run_folder = aq_run_open_folder(vm, err);
    if (run_folder < 0)
        return -1;
    return running > 0 ? aq_qemu_end(run_folder, &run.process, err) : aq_orphan_end(run_folder, err);
}

int aq_vm_remove(const char *name, bool force, struct aq_error *err)
{
    aq_autoclose int lock = aq_vm_lock(name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0)
        return -1;
    aq_autovm struct aq_vm vm = {0};
    struct aq_error reason = {0};
    if (aq_vm_load(name, &vm, &reason) == 0) {
        if (end_running(&vm, force, err) < 0)
            return -1;
        aq_run_forget(&vm);
    }
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    return vms < 0 ? -1 : aq_folder_remove(vms, name, err);
}

void aq_vm_discard(const char *name)
{
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    aq_vm_remove(name, true, &ignored);
    aq_interrupt_release();
}
