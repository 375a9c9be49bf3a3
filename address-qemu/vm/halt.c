/* SPDX-License-Identifier: MIT */
#include "vm/halt.h"

#include <string.h>

#include "qemu/qmp.h"

enum { AT_ONCE_MS = 1000 };

/* Source: RunState in QEMU's qapi/run-state.json. */
static const struct {
    const char *status, *why;
} halts[] = {
    {"io-error", "the host's disk is full, or cannot be read or written"},
    {"internal-error", "QEMU has met with an error that it cannot get over"},
    {"guest-panicked", "its guest's kernel has panicked"},
};

const char *aq_vm_halted(const struct aq_run *run)
{
    struct aq_error ignored = {0};
    aq_deadline deadline = aq_after_ms(AT_ONCE_MS);
    aq_autoclose int folder = run->paused ? -1 : aq_run_open_folder(run, &ignored);
    if (folder < 0)
        return NULL;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(folder, deadline, &ignored);
    aq_autofree char *status = qmp != NULL ? aq_qmp_status(qmp, deadline, &ignored) : NULL;
    for (size_t i = 0; status != NULL && i < sizeof halts / sizeof *halts; i++)
        if (strcmp(status, halts[i].status) == 0)
            return halts[i].why;
    return NULL;
}

static bool has_answered(enum aq_error_code code)
{
    return code == AQ_E_GUEST_COMMAND_FAILED || code == AQ_E_GUEST_FILE_NOT_FOUND ||
           code == AQ_E_GUEST_REFUSED || code == AQ_E_INTERRUPTED;
}

void aq_vm_blame_halt(const struct aq_vm *vm, struct aq_error *err)
{
    struct aq_run run = {0};
    struct aq_error ignored = {0};
    const char *halted =
        !has_answered(err->code) && aq_run_read(vm, &run, &ignored) > 0 ? aq_vm_halted(&run) : NULL;
    if (halted == NULL)
        return;
    *err = (struct aq_error){0};
    aq_fail(err, AQ_E_VM_PAUSED, "the VM %s stands still: %s; mend that and `resume name=%s` it", vm->name,
            halted, vm->name);
}
