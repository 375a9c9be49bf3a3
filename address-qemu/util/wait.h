/* SPDX-License-Identifier: MIT */
/*
 * Waiting: for descriptors, with a deadline, and for an interruption at the same time. Everything in this
 * library that may block for long blocks here, so Ctrl-C ends it at once and no time-out is forgotten.
 */
#ifndef AQ_UTIL_WAIT_H
#define AQ_UTIL_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/* A moment on CLOCK_MONOTONIC in nanoseconds. */
typedef int64_t aq_deadline;
#define AQ_FOREVER INT64_MAX

aq_deadline aq_now(void);
aq_deadline aq_after_ms(int64_t milliseconds); /* negative: AQ_FOREVER */
int64_t aq_ms_left(aq_deadline deadline);      /* ≥ 0; INT64_MAX for AQ_FOREVER */

/* What comes first: the time that is given to a step, or the end of all patience. */
static inline aq_deadline aq_earlier(aq_deadline a, aq_deadline b)
{
    return a < b ? a : b;
}

/* Asks whatever waits here, now or next, to end with INTERRUPTED. Async-signal-safe; for the whole process.
 */
void aq_interrupt(void);
bool aq_interrupted(void);
void aq_interrupt_clear(void);

/* While clearing up after an interruption, waiting has to work again: between these two it does, and the
   interruption stays in force behind it. They nest. */
void aq_interrupt_hold(void);
void aq_interrupt_release(void);

/* Must what runs here end with INTERRUPTED? It is interrupted, and no clear-up holds that on this thread: the
   question for work that does not wait, and the one that the waits below ask. */
bool aq_must_end(void);

/* poll() with a deadline. Returns the number of ready entries, 0 when the deadline has passed, -1 with
   INTERRUPTED or IO. A signal that does not interrupt (see aq_interrupt) is waited out. */
int aq_poll(struct pollfd *fds, unsigned count, aq_deadline deadline, struct aq_error *err);

/* The same while ending what was interrupted or timed out: an interruption does not end it. */
int aq_poll_ending(struct pollfd *fds, unsigned count, aq_deadline deadline, struct aq_error *err);

/* aq_poll for one descriptor: 1 ready, 0 deadline, -1 error. `events` is POLLIN or POLLOUT. */
int aq_wait_fd(int fd, short events, aq_deadline deadline, struct aq_error *err);

/* Sleeps until the deadline: 0, or -1 with INTERRUPTED. Only between tries of things that give no event. */
int aq_sleep_until(aq_deadline deadline, struct aq_error *err);

#endif
