/* SPDX-License-Identifier: MIT */
/* The VMs that the monitor watches: when each is to be checked next, and by which process it is being. */
#ifndef AQ_KEEPER_WATCHES_H
#define AQ_KEEPER_WATCHES_H

#include <poll.h>
#include <sys/types.h>

#include "util/error.h"
#include "util/wait.h"

struct aq_watch {
    char *vm;
    int64_t interval; /* ms */
    aq_deadline due;
    pid_t child; /* 0: none at work */
    int pidfd;
    bool wanted; /* it has a check; without one it goes as soon as its child has ended */
};

/* Zero-initialise. */
struct aq_watches {
    struct aq_watch *items;
    size_t count;
    unsigned children;
};

/* Brings them in line with the store: new ones and those with another interval are due at once. */
int aq_watches_scan(struct aq_watches *watches, struct aq_error *err);

/* Takes note of children that have ended; those that were not ours to know (of a predecessor) too. */
void aq_watches_reap(struct aq_watches *watches);

/* The next that is due and not being checked, or NULL; and when the next will be. */
struct aq_watch *aq_watches_due(struct aq_watches *watches);
aq_deadline aq_watches_next(const struct aq_watches *watches);

/* What to wait for: each child's end. Returns how many. free() *fds. */
unsigned aq_watches_polls(const struct aq_watches *watches, struct pollfd **fds);

/* Has all children end, by force after a while; a restart that is under way is led to its end. */
void aq_watches_end(struct aq_watches *watches);

void aq_watches_free(struct aq_watches *watches);

#endif
