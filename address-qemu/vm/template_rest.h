/* SPDX-License-Identifier: MIT */
/* What is done in a guest before it is made a template. */
#ifndef AQ_VM_TEMPLATE_REST_H
#define AQ_VM_TEMPLATE_REST_H

#include "guest/channel.h"
#include "util/process.h"
#include "vm/template.h"

/* If whoever freezes a guest dies, it thaws by itself after so much of its own time. */
enum { AQ_THAWS_MS = 30000 };

struct aq_rest {
    struct aq_channel *channel;
    const struct aq_process_id *qemu;
    const char *warm; /* a command for its shell; NULL: none */
    int64_t warm_ms;
    int64_t settle_ms; /* how long it may take to come to rest; 0: that is not waited for */
    void (*say)(void *data, const char *what); /* may be NULL */
    void *data;
};

/* Waits until the guest is at rest, runs the command and waits again, and has the guest write all to its
 *disk. settled: it was at rest. GUEST_COMMAND_FAILED, COMMAND_TIMEOUT. */
int aq_template_rest(const struct aq_rest *rest, bool *settled, struct aq_error *err);

/* Freezes all but the helper, and notes in the template what came of it. */
int aq_template_freeze(struct aq_channel *channel, struct aq_template *template, struct aq_error *err);

#endif
