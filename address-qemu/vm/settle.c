/* SPDX-License-Identifier: MIT */
#include "vm/settle.h"

#include "util/process_usage.h"

/* At rest: in so many windows of this length one after another QEMU has used at most so much of one CPU. */
enum { WINDOW_MS = 400, WINDOWS = 3, IDLE_PERCENT = 15 };

/* systemd tells when it is done, of its own accord; whether degraded or not is not our concern. Where
   something else is init, what it does shows in the CPU's use. */
static int wait_started(struct aq_channel *channel, aq_deadline deadline, bool *started, struct aq_error *err)
{
    static const char script[] = "[ ! -d /run/systemd/system ] || systemctl is-system-running --wait";
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error reason = {0};
    *started = aq_channel_exec(channel, &exec, &exit, &reason) == 0;
    if (*started || reason.code == AQ_E_COMMAND_TIMEOUT)
        return 0;
    return aq_fail(err, reason.code, "%s", reason.text);
}

static int wait_idle(const struct aq_process_id *qemu, aq_deadline deadline, bool *idle, struct aq_error *err)
{
    struct aq_process_usage before = {0}, now;
    unsigned quiet = 0;
    *idle = false;
    if (!aq_process_usage(qemu, &before))
        return aq_fail(err, AQ_E_VM_NOT_RUNNING, "the VM has ended");
    while (quiet < WINDOWS && aq_ms_left(deadline) > 0) {
        int64_t begin = aq_now();
        if (aq_sleep_until(aq_after_ms(WINDOW_MS), err) < 0)
            return -1;
        if (!aq_process_usage(qemu, &now))
            return aq_fail(err, AQ_E_VM_NOT_RUNNING, "the VM has ended");
        int64_t window = (aq_now() - begin) / 1000000;
        quiet = (now.cpu_ms - before.cpu_ms) * 100 <= window * IDLE_PERCENT ? quiet + 1 : 0;
        before = now;
    }
    *idle = quiet >= WINDOWS;
    return 0;
}

int aq_guest_settle(struct aq_channel *channel, const struct aq_process_id *qemu, aq_deadline deadline,
                    bool *settled, struct aq_error *err)
{
    bool started, idle;
    if (wait_started(channel, deadline, &started, err) < 0 || wait_idle(qemu, deadline, &idle, err) < 0)
        return -1;
    *settled = started && idle;
    return 0;
}
