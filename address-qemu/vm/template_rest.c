/* SPDX-License-Identifier: MIT */
#include "vm/template_rest.h"

#include "guest/channel_ops.h"
#include "guest/standstill.h"
#include "vm/settle.h"

enum { SYNC_MS = 120000, FREEZE_MS = 30000, TAIL = 256 };

static void say(const struct aq_rest *rest, const char *what)
{
    if (rest->say != NULL)
        rest->say(rest->data, what);
}

static int settle(const struct aq_rest *rest, bool *settled, struct aq_error *err)
{
    say(rest, "waiting until the guest is at rest");
    return aq_guest_settle(rest->channel, rest->qemu, aq_after_ms(rest->settle_ms), settled, err);
}

static int run_warm(const struct aq_rest *rest, struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", rest->warm, NULL};
    const struct aq_guest_exec exec = {
        .argv = argv, .deadline = aq_after_ms(rest->warm_ms), .capture_limit = TAIL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    say(rest, "running the warming command");
    if (aq_channel_exec(rest->channel, &exec, &exit, err) < 0)
        return aq_error_context(err, "the warming command");
    if (exit.exit_code == 0)
        return 0;
    char text[256];
    return aq_fail(err, AQ_E_GUEST_COMMAND_FAILED, "the warming command ended with exit code %d%s%s",
                   exit.exit_code, exit.errors.length > 0 ? ": " : "",
                   aq_guest_printable(aq_buffer_text(&exit.errors), exit.errors.length, text));
}

int aq_template_rest(const struct aq_rest *rest, bool *settled, struct aq_error *err)
{
    *settled = false;
    bool wait = rest->settle_ms > 0;
    if (wait && settle(rest, settled, err) < 0)
        return -1;
    if (rest->warm != NULL && (run_warm(rest, err) < 0 || (wait && settle(rest, settled, err) < 0)))
        return -1;
    return wait ? aq_channel_sync(rest->channel, aq_after_ms(SYNC_MS), err) : 0;
}

int aq_template_freeze(struct aq_channel *channel, struct aq_template *template, struct aq_error *err)
{
    aq_autofrozen struct aq_guest_frozen frozen = {0};
    if (aq_guest_freeze(channel, AQ_THAWS_MS, aq_after_ms(FREEZE_MS), &frozen, err) < 0)
        return -1;
    template->closed = frozen.closed;
    template->window = aq_strdup(frozen.why);
    template->keys = frozen.keys;
    frozen.keys = (struct aq_strings){0};
    return 0;
}
