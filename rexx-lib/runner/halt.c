/* SPDX-License-Identifier: MIT */
#include "halt.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
#define WATCHED (sizeof watched / sizeof *watched)

static struct sigaction before[WATCHED];
static volatile sig_atomic_t last;

/* Regina has a handler for each of these, whatever was to become of them. */
static const int ignorable[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define IGNORABLE (sizeof ignorable / sizeof *ignorable)

static bool ignored[IGNORABLE]; /* by whoever started this program */

static bool is_ignored(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN;
}

static void on_signal(int signal)
{
    last = signal;
    for (size_t i = 0; i < WATCHED; i++) {
        if (watched[i] != signal)
            continue;
        if (before[i].sa_handler != SIG_DFL && before[i].sa_handler != SIG_IGN)
            before[i].sa_handler(signal);
        /* Regina's handler has put itself back in our place. */
        struct sigaction ours = {.sa_handler = on_signal};
        sigaction(signal, &ours, NULL);
    }
}

void aq_halt_start(void)
{
    for (size_t i = 0; i < IGNORABLE; i++)
        ignored[i] = is_ignored(ignorable[i]);
}

void aq_halt_watch(void)
{
    struct sigaction ours = {.sa_handler = on_signal};
    for (size_t i = 0; i < IGNORABLE; i++)
        if (ignored[i])
            signal(ignorable[i], SIG_IGN);
    for (size_t i = 0; i < WATCHED; i++)
        if (!is_ignored(watched[i]))
            sigaction(watched[i], &ours, &before[i]);
}

int aq_halt_signal(void)
{
    return last;
}
