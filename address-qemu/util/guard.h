/* SPDX-License-Identifier: MIT */
/*
 * Last words: what has to be said to somebody should this process die before it can say so itself, by SIGKILL
 * too. A process of its own waits for that and does nothing else: "go on" to a machine that was stopped,
 * "thaw" to a guest.
 */
#ifndef AQ_UTIL_GUARD_H
#define AQ_UTIL_GUARD_H

#include <stddef.h>
#include <sys/types.h>

#include "util/cleanup.h"
#include "util/error.h"

struct aq_guard {
    pid_t pid; /* 0: none */
    int pipe;
};

#define AQ_GUARD_NONE                                                                                        \
    {                                                                                                        \
        .pid = 0, .pipe = -1                                                                                 \
    }

/* From now on `words` are written to `fd` (a socket; still the caller's) should this process die. IO. */
int aq_guard_begin(int fd, const char *words, struct aq_guard *guard, struct aq_error *err);

/* It is not needed any more. Fine for one that was never begun. */
void aq_guard_end(struct aq_guard *guard);
#define aq_autoguard aq_cleanup(aq_guard_end)

#endif
