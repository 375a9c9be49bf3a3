/* SPDX-License-Identifier: MIT */
/* companion NAME FD: what a VM's companion is started as; FD is a SOCK_SEQPACKET socket to whoever starts it.
 * The name is for ps alone. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "companion/companion.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int timeout_of(const struct aq_polls *polls, int64_t now)
{
    if (polls->until_ms == INT64_MAX)
        return -1;
    return polls->until_ms <= now ? 0 : polls->until_ms - now > 60000 ? 60000 : (int)(polls->until_ms - now);
}

/* Until QEMU is gone; before it serves, until whoever starts it is. */
static bool turn(struct aq_companion *companion, struct aq_polls *polls)
{
    polls->count = 0;
    polls->until_ms = INT64_MAX;
    int64_t now = companion->now_ms;
    aq_control_fill(&companion->control, polls);
    aq_companion_asking_tick(companion, polls);
    if (companion->serving) {
        aq_console_fill(&companion->console, polls, now);
        if (companion->gateway != NULL)
            aq_gateway_fill(companion->gateway, polls, now);
    }
    if (poll(polls->fds, polls->count, timeout_of(polls, now_ms())) < 0 && errno != EINTR)
        return false;
    companion->now_ms = now = now_ms();
    bool was_serving = companion->serving, lives = true;
    if (was_serving) {
        aq_console_serve(&companion->console, polls, now);
        lives = !companion->console.ended;
        if (companion->gateway != NULL)
            lives = aq_gateway_serve(companion->gateway, polls, now) && lives;
    }
    aq_control_serve(companion, polls);
    return lives && (companion->serving || companion->control.clients[0] >= 0);
}

int main(int argc, char **argv)
{
    static struct aq_companion companion = {.console = {-1, -1, -1, .log = {.fd = -1}},
                                            .drop_log = {.fd = -1}};
    static struct aq_polls polls;
    char *end;
    long start = argc == 3 ? strtol(argv[2], &end, 10) : -1;
    if (start < 0 || *end != '\0') {
        fputs("companion: a part of address-qemu, which starts it beside each VM\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    companion.now_ms = now_ms();
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++)
        companion.asking[i].client = -1;
    aq_control_open(&companion.control, (int)start);
    while (turn(&companion, &polls))
        ;
    aq_console_end(&companion.console);
    _exit(0); /* there is nothing to clear up, and the sandbox would not let it */
}
