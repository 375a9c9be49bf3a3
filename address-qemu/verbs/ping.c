/* SPDX-License-Identifier: MIT */
#include "command/verb.h"

static int run(struct aq_call *call, struct aq_error *err);

const struct aq_verb aq_verb_ping = {
    .name = "ping",
    .group = "Host",
    .summary = "Do nothing, successfully",
    .details = "Tells that ADDRESS QEMU is there, and what a round trip costs.",
    .example = "ping",
    .read_only = true,
    .traceless = true,
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    (void)err;
    aq_result_say(call->result, "pong");
    return 0;
}
