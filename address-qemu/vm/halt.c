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
