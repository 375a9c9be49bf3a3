/* SPDX-License-Identifier: MIT */
#include "vm/orphan.h"

#include "qemu/qmp.h"

enum { ORPHAN_ANSWERS_MS = 20000 };

int aq_orphan_end(int run_folder, struct aq_error *err)
{
    struct aq_error reason = {0};
    aq_deadline deadline = aq_after_ms(ORPHAN_ANSWERS_MS);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, deadline, &reason);
    if (qmp == NULL)
        return reason.code == AQ_E_VM_NOT_RUNNING ? 0 : aq_fail(err, reason.code, "%s", reason.text);
    /* The answer to quit may be lost with the connection; that it closes is what counts. */
    aq_qmp_command(qmp, "quit", NULL, deadline, NULL, &reason);
    aq_qmp_wait_event(qmp, "SHUTDOWN", deadline, NULL, &reason);
    return 0;
}
