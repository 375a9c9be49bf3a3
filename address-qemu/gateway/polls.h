/* SPDX-License-Identifier: MIT */
/* What the companion waits for in one turn. Each part adds its descriptors, remembers the places it was
 * given, and looks there after the wait. */
#ifndef AQ_GATEWAY_POLLS_H
#define AQ_GATEWAY_POLLS_H

#include <poll.h>
#include <stdint.h>

#define AQ_POLLS_MAX 512 /* more than descriptors may be open */

struct aq_polls {
    struct pollfd fds[AQ_POLLS_MAX];
    unsigned count;
    int64_t until_ms; /* when somebody wants to be called at the latest; INT64_MAX: never */
};

/* The place of a descriptor in this turn; -1 (of no events) for none. */
static inline int aq_polls_add(struct aq_polls *polls, int fd, short events)
{
    if (fd < 0 || polls->count == AQ_POLLS_MAX)
        return -1;
    polls->fds[polls->count] = (struct pollfd){.fd = fd, .events = events};
    return (int)polls->count++;
}

static inline short aq_polls_events(const struct aq_polls *polls, int place)
{
    return place >= 0 ? polls->fds[place].revents : 0;
}

static inline void aq_polls_call_at(struct aq_polls *polls, int64_t when_ms)
{
    if (when_ms < polls->until_ms)
        polls->until_ms = when_ms;
}

#endif
