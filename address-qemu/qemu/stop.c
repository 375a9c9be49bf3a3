/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <time.h>

#include "qemu/launch.h"

/* Until a busy or stuck monitor is passed over, and until a QEMU that was told to end is told so more firmly.
   Only a QEMU that is stuck takes that long: flushing a disk to slow storage is the longest of its duties. */
#define MONITOR_MS 3000
#define FLUSH_MS 15000
#define TERM_MS 10000

int aq_qemu_powerdown(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    return aq_qmp_command(qmp, "system_powerdown", NULL, deadline, NULL, err);
}

/* Tells QEMU to quit, over its monitor. True when it heard: it answered, or it is gone before it could. */
static bool tell_quit(int runtime_dir)
{
    struct aq_error why = {0};
    aq_deadline deadline = aq_after_ms(MONITOR_MS);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(runtime_dir, deadline, &why);
    if (qmp == NULL)
        return false;
    return aq_qmp_command(qmp, "quit", NULL, deadline, NULL, &why) == 0 || why.code == AQ_E_VM_NOT_RUNNING;
}

int aq_qemu_end(int runtime_dir, const struct aq_process_id *id, struct aq_error *err)
{
    int gone = aq_process_alive(id) ? 0 : 1;
    if (gone == 0 && tell_quit(runtime_dir))
        gone = aq_process_wait_gone(id, aq_after_ms(FLUSH_MS), err);
    if (gone == 0 && aq_process_signal(id, SIGTERM))
        gone = aq_process_wait_gone(id, aq_after_ms(TERM_MS), err);
    if (gone < 0)
        return -1;
    aq_qemu_kill(runtime_dir, id);
    return 0;
}

void aq_qemu_kill(int runtime_dir, const struct aq_process_id *id)
{
    /* Not by util/wait.h: this is how an interrupted start is cleared away, and SIGKILL does not take long.
     */
    aq_process_signal(id, SIGKILL);
    const struct timespec moment = {.tv_nsec = 1000000};
    for (aq_deadline deadline = aq_after_ms(TERM_MS); aq_process_alive(id) && aq_ms_left(deadline) > 0;)
        nanosleep(&moment, NULL);
    aq_qemu_sockets_unlink(runtime_dir);
}
