/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "address-qemu/address-qemu.h"

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
#define WATCHED (sizeof watched / sizeof *watched)

static struct sigaction previous[WATCHED]; /* whose they were */
static atomic_int running;                 /* commands under way */
static atomic_long looked;                 /* the tick in which we last made sure that they are ours */
static atomic_int deferred;                /* the signal that came meanwhile; 0 for none */

static void on_signal(int signal, siginfo_t *info, void *context);

/* Ours goes before theirs, and treats a blocked read as theirs does. */
static void install(int signal, const struct sigaction *before)
{
    struct sigaction ours = {.sa_sigaction = on_signal,
                             .sa_flags = SA_SIGINFO | (before->sa_flags & SA_RESTART)};
    sigaction(signal, &ours, NULL);
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_signal;
}

static bool is_ignored(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_IGN;
}

static void hand_on(const struct sigaction *before, int signal, siginfo_t *info, void *context)
{
    if (before->sa_flags & SA_SIGINFO)
        before->sa_sigaction(signal, info, context);
    else if (before->sa_handler == SIG_DFL) {
        sigaction(signal, before, NULL);
        raise(signal); /* when we return */
        return;
    } else
        before->sa_handler(signal);
    /* Regina's handler installs itself anew each time it runs. */
    install(signal, before);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    if (running > 0) {
        deferred = signal;
        aq_interrupt();
    } else {
        for (size_t i = 0; i < WATCHED; i++)
            if (watched[i] == signal)
                hand_on(&previous[i], signal, info, context);
    }
    errno = saved;
}

/* The tick of the kernel's clock, of some milliseconds; costs no system call. */
static long this_tick(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (long)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Installs the handlers at the first command, and again when an interpreter that was started since has put
   its own in their place: one look at SIGINT tells. It is taken once in a tick, for it would be a tenth of
   what a no-op costs. A signal that is ignored (nohup, a shell's background job) stays so. */
static void watch(void)
{
    long tick = this_tick();
    if (atomic_exchange(&looked, tick) == tick)
        return;
    struct sigaction now;
    sigaction(SIGINT, NULL, &now);
    if (is_ours(&now))
        return;
    for (size_t i = 0; i < WATCHED; i++) {
        sigaction(watched[i], NULL, &now);
        if (is_ours(&now) || is_ignored(&now))
            continue;
        previous[i] = now;
        install(watched[i], &now);
    }
}

void aq_signals_look(void)
{
    looked = 0;
}

void aq_signals_begin(void)
{
    watch();
    running++;
}

void aq_signals_end(void)
{
    if (--running > 0)
        return;
    aq_interrupt_clear();
    int signal = atomic_exchange(&deferred, 0);
    if (signal != 0)
        raise(signal);
}

int aq_signals_suspend(void)
{
    return atomic_exchange(&running, 0);
}

void aq_signals_resume(int were_running)
{
    running += were_running;
}

void aq_signals_release(void)
{
    for (size_t i = 0; i < WATCHED; i++) {
        struct sigaction now;
        sigaction(watched[i], NULL, &now);
        if (is_ours(&now))
            sigaction(watched[i], &previous[i], NULL);
    }
}
