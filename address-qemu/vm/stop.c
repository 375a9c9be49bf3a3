/* SPDX-License-Identifier: MIT */
#include "qemu/launch.h"
#include "vm/guest.h"
#include "vm/lifecycle.h"
#include "vm/restart.h"
#include "vm/saved_state.h"

enum {
    POWEROFF_CHANNEL_MS = 2000, /* what listens in the guest answers in milliseconds, or is not there */
    POWEROFF_COMMAND_MS = 5000,
};

/* Asks through whatever listens in the guest: a power button needs a guest that minds it. Failing is of no
 * account. */
static void ask_inside(const struct aq_vm *vm, aq_deadline deadline)
{
    struct aq_error ignored = {0};
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    if (aq_guest_open(vm, AQ_METHOD_PORTS, aq_earlier(aq_after_ms(POWEROFF_CHANNEL_MS), deadline), &guest,
                      &ignored) < 0)
        return;
    const char *const argv[] = {"poweroff", NULL};
    const struct aq_guest_exec exec = {.argv = argv,
                                       .deadline = aq_earlier(aq_after_ms(POWEROFF_COMMAND_MS), deadline)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_channel_exec(guest.channel, &exec, &exit, &ignored);
}

/* A guest that stands still cannot mind its power button, so a paused one goes on first. */
static void press_power_button(int vm_folder, int run_folder, struct aq_run *run, aq_deadline deadline)
{
    struct aq_error ignored = {0};
    deadline = aq_earlier(aq_after_ms(POWEROFF_COMMAND_MS), deadline);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, deadline, &ignored);
    if (qmp == NULL)
        return;
    if (run->paused && aq_qmp_command(qmp, "cont", NULL, deadline, NULL, &ignored) == 0) {
        run->paused = false;
        aq_run_write(vm_folder, run, &ignored);
    }
    aq_qemu_powerdown(qmp, deadline, &ignored);
}

int aq_vm_stop_locked(const struct aq_vm *vm, int vm_folder, struct aq_run *run, enum aq_stop wish,
                      int64_t patience_ms, enum aq_stop *how, struct aq_error *err)
{
    struct aq_error ignored = {0};
    aq_autoclose int run_folder =
        aq_run_open_folder(run, &ignored); /* without it QEMU is ended by a signal */
    int gone = 0;
    aq_vm_went_on(vm->name, vm_folder, run, run_folder);
    if (wish == AQ_STOP_CLEAN) {
        aq_deadline deadline = aq_after_ms(patience_ms);
        press_power_button(vm_folder, run_folder, run, deadline);
        ask_inside(vm, deadline);
        gone = aq_process_wait_gone(&run->process, deadline, err);
        if (gone < 0)
            return -1;
    }
    *how = gone > 0 ? AQ_STOP_CLEAN : AQ_STOP_FORCED;
    if (gone == 0 && aq_qemu_end(run_folder, &run->process, err) < 0)
        return -1;
    aq_run_forget(vm_folder, run);
    return 0;
}

int aq_vm_stop(const struct aq_vm *vm, enum aq_stop wish, int64_t patience_ms, enum aq_stop *how,
               struct aq_error *err)
{
    struct aq_run run = {0};
    aq_autoclose int vm_folder = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    if (vm_folder < 0)
        return -1;
    aq_restart_forget(vm_folder); /* a monitor must not start it again */
    return aq_run_need(vm, &run, err) < 0
               ? -1
               : aq_vm_stop_locked(vm, vm_folder, &run, wish, patience_ms, how, err);
}
