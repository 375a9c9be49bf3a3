/* SPDX-License-Identifier: MIT */
#include "vm/quiesce.h"

enum {
    AT_ONCE_MS = 1500, /* a guest that is up answers in milliseconds */
    ANSWERS_MS = 6000, /* one that has to */
    FREEZE_MS = 60000, /* a guest with much to write, to a slow disk */
    FROZEN_MS = 20000, /* what is done meanwhile takes milliseconds */
    THAW_MS = 20000,
    SYNC_MS = 5000,
};

int aq_quiet_open(const struct aq_vm *vm, const struct aq_run *run, enum aq_quiesce wish,
                  struct aq_quiet *quiet, struct aq_error *err)
{
    struct aq_error reason = {0};
    quiet->wish = wish;
    if (wish == AQ_QUIESCE_NEVER || (wish == AQ_QUIESCE_TRY && (run->paused || !aq_guest_listens(run))))
        return 0;
    aq_deadline deadline = aq_after_ms(wish == AQ_QUIESCE_MUST ? ANSWERS_MS : AT_ONCE_MS);
    if (aq_run_need_awake(vm, run, &reason) == 0 &&
        aq_guest_open(vm, AQ_METHOD_PORTS, deadline, &quiet->guest, &reason) == 0) {
        quiet->open = true;
        return 0;
    }
    aq_guest_close(&quiet->guest);
    if (wish == AQ_QUIESCE_TRY && reason.code != AQ_E_INTERRUPTED)
        return 0;
    aq_fail(err, reason.code, "%s", reason.text);
    return aq_error_context(err, "the guest of VM %s cannot be made to write its disk first", vm->name);
}

/* Whatever becomes of this process from here on, the guest goes on. */
static int freeze(struct aq_quiet *quiet, struct aq_error *err)
{
    struct aq_channel *channel = quiet->guest.channel;
    const char *words = aq_channel_fs_last_words(channel);
    if (words != NULL && aq_guard_begin(aq_channel_descriptor(channel), words, &quiet->guard, err) < 0)
        return -1;
    if (aq_channel_fs_freeze(channel, FROZEN_MS, aq_after_ms(FREEZE_MS), err) == 0)
        return 0;
    aq_guard_end(&quiet->guard);
    return -1;
}

int aq_quiet_begin(struct aq_quiet *quiet, struct aq_error *err)
{
    struct aq_error reason = {0};
    if (quiet == NULL || !quiet->open)
        return 0;
    quiet->frozen = freeze(quiet, &reason) == 0;
    if (quiet->frozen)
        return 0;
    if (quiet->wish == AQ_QUIESCE_TRY && reason.code != AQ_E_INTERRUPTED) { /* the next best */
        aq_channel_sync(quiet->guest.channel, aq_after_ms(SYNC_MS), &reason);
        return 0;
    }
    aq_fail(err, reason.code, "%s", reason.text);
    return aq_error_context(err, "the guest's file systems cannot be frozen");
}

int aq_quiet_end(struct aq_quiet *quiet, struct aq_error *err)
{
    struct aq_error reason = {0};
    if (quiet == NULL || !quiet->frozen)
        return 0;
    quiet->frozen = false;
    aq_interrupt_hold();
    int thawed = aq_channel_fs_thaw(quiet->guest.channel, aq_after_ms(THAW_MS), &quiet->done, &reason);
    aq_interrupt_release();
    if (thawed == 0)
        aq_guard_end(&quiet->guard); /* else it is left to close the guest's way, and to try once more */
    quiet->done &= thawed == 0;
    if (quiet->done || quiet->wish != AQ_QUIESCE_MUST)
        return 0;
    return aq_fail(err, AQ_E_GUEST_REFUSED,
                   "the guest went on writing too early%s%s; take it again, or without quiesce=true",
                   reason.code != AQ_OK ? ": " : "", reason.text);
}

void aq_quiet_close(struct aq_quiet *quiet)
{
    struct aq_error ignored = {0};
    aq_quiet_end(quiet, &ignored);
    aq_guest_close(&quiet->guest);
    aq_guard_end(&quiet->guard);
    quiet->open = false;
}
