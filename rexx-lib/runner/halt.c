/* SPDX-License-Identifier: MIT */
#include "halt.h"

#include <signal.h>
#include <stddef.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
#define WATCHED (sizeof watched / sizeof *watched)

static struct sigaction before[WATCHED];
static volatile sig_atomic_t last;

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

void aq_halt_watch(void)
{
    struct sigaction ours = {.sa_handler = on_signal};
    for (size_t i = 0; i < WATCHED; i++)
        sigaction(watched[i], &ours, &before[i]);
}

int aq_halt_signal(void)
{
    return last;
}
