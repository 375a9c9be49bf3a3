/* SPDX-License-Identifier: MIT */
/* Where a redirected stream comes from or goes to, as Regina's ADDRESS … WITH has it. */
#ifndef AQ_ENVIRONMENT_REDIRECT_TARGET_H
#define AQ_ENVIRONMENT_REDIRECT_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "functions/invocation.h"
#include "util/memory.h"

enum aq_target_kind {
    AQ_TARGET_NONE, /* nothing is said of it */
    AQ_TARGET_NORMAL,
    AQ_TARGET_STEM,   /* STEM.0 lines, from STEM.1 */
    AQ_TARGET_STREAM, /* a file */
    AQ_TARGET_FIFO,   /* a queue, its lines in order */
    AQ_TARGET_LIFO    /* a queue, the last line first */
};

struct aq_target {
    enum aq_target_kind kind;
    bool append;
    char *name; /* "" is the queue in force */
};

/* From a function's three arguments: mode, kind, name. -1 after the refusal. */
int aq_target_read(struct aq_invocation *call, ULONG n, bool is_input, struct aq_target *target);

void aq_target_copy(const struct aq_target *from, struct aq_target *to);
void aq_target_free(struct aq_target *target);
bool aq_target_same(const struct aq_target *a, const struct aq_target *b);

/* Reads all of it; each line ends with a line feed. -1 with the problem in words. */
int aq_target_fetch(const struct aq_target *target, struct aq_buffer *to, char *problem, size_t size);

/* Writes all of it; `add` appends whatever the target says. -1 with the problem in words. */
int aq_target_deliver(const struct aq_target *target, bool add, const struct aq_buffer *bytes, char *problem,
                      size_t size);

#endif
