/* SPDX-License-Identifier: MIT */
#include "util/wait.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "address-qemu/address-qemu.h" /* aq_interrupt and its kin are public */
#include "util/memory.h"
#include "util/standard_streams.h"

/* An eventfd that is readable while an interruption is asked for: it ends a poll() that is about to start as
   surely as one that runs, which a bare flag would not. */
static int wake = -1;
static volatile sig_atomic_t interrupted;

/* Made when the library is loaded, because a signal handler may need it at any time. It is the first
   descriptor of ours. */
__attribute__((constructor)) static void make_wake(void)
{
    aq_standard_streams_take();
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* A fork must not share the eventfd: the child would take the parent's interruption away. */
static void renew_wake(void)
{
    if (wake >= 0)
        close(wake);
    make_wake();
    interrupted = 0;
}

__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, renew_wake);
}

aq_deadline aq_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

aq_deadline aq_after_ms(int64_t milliseconds)
{
    if (milliseconds < 0 || milliseconds > INT64_MAX / 4000000)
        return AQ_FOREVER;
    return aq_now() + milliseconds * 1000000;
}

int64_t aq_ms_left(aq_deadline deadline)
{
    if (deadline == AQ_FOREVER)
        return INT64_MAX;
    int64_t left = deadline - aq_now();
    return left > 0 ? (left + 999999) / 1000000 : 0;
}

void aq_interrupt(void)
{
    int saved = errno;
    interrupted = 1;
    uint64_t one = 1;
    if (write(wake, &one, sizeof one) < 0) { /* full already: it is readable, which is all that is needed */
    }
    errno = saved;
}

bool aq_interrupted(void)
{
    return interrupted != 0;
}

void aq_interrupt_clear(void)
{
    if (!interrupted)
        return;
    interrupted = 0;
    uint64_t count;
    if (read(wake, &count, sizeof count) < 0) { /* nothing there: as wanted */
    }
}

/* How many clear-ups are under way on this thread. */
static _Thread_local int held;

void aq_interrupt_hold(void)
{
    held++;
}

void aq_interrupt_release(void)
{
    held--;
}

bool aq_must_end(void)
{
    return interrupted != 0 && held == 0;
}

static int fail_interrupted(struct aq_error *err)
{
    return aq_fail(err, AQ_E_INTERRUPTED, "interrupted");
}

int aq_poll(struct pollfd *fds, unsigned count, aq_deadline deadline, struct aq_error *err)
{
    struct pollfd few[8];
    struct pollfd *all = count < 8 ? few : aq_alloc((count + 1) * sizeof *all);
    for (unsigned i = 0; i < count; i++)
        all[i] = fds[i];
    all[count] = (struct pollfd){.fd = held == 0 ? wake : -1, .events = POLLIN};

    int ready;
    do {
        int64_t left = aq_ms_left(deadline);
        ready = aq_must_end() ? 0 : poll(all, count + 1, left > INT32_MAX ? -1 : (int)left);
    } while (ready < 0 && errno == EINTR && !aq_must_end());

    int result = ready;
    if (aq_must_end())
        result = fail_interrupted(err);
    else if (ready < 0)
        result = aq_fail_errno(err, AQ_E_IO, errno, "cannot wait");
    for (unsigned i = 0; i < count; i++) {
        fds[i].revents = 0;
        if (result > 0)
            fds[i].revents = all[i].revents;
    }
    if (all != few)
        free(all);
    return result;
}

int aq_poll_ending(struct pollfd *fds, unsigned count, aq_deadline deadline, struct aq_error *err)
{
    int ready;
    do {
        int64_t left = aq_ms_left(deadline);
        ready = poll(fds, count, left > INT32_MAX ? -1 : (int)left);
    } while (ready < 0 && errno == EINTR);
    return ready >= 0 ? ready : aq_fail_errno(err, AQ_E_IO, errno, "cannot wait");
}

int aq_wait_fd(int fd, short events, aq_deadline deadline, struct aq_error *err)
{
    struct pollfd one = {.fd = fd, .events = events};
    return aq_poll(&one, 1, deadline, err);
}

int aq_sleep_until(aq_deadline deadline, struct aq_error *err)
{
    int ready;
    while ((ready = aq_poll(NULL, 0, deadline, err)) == 0 && aq_ms_left(deadline) > 0)
        ;
    return ready < 0 ? -1 : 0;
}
