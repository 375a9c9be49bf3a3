/* SPDX-License-Identifier: MIT */
/*
 * The serial console. What the guest writes goes to a bounded log, and to whoever is connected to its socket;
 * what that one writes goes to the guest. One at a time: the next waits its turn in the socket's queue.
 */
#ifndef AQ_COMPANION_CONSOLE_H
#define AQ_COMPANION_CONSOLE_H

#include <stdbool.h>

#include "companion/bounded.h"
#include "gateway/polls.h"

#define AQ_CONSOLE_LOG_LIMIT (1 << 20)
#define AQ_CONSOLE_BUFFER (64 * 1024)

/* Bytes on their way from one end to the other. */
struct aq_stream_buffer {
    size_t start, end;
    char bytes[AQ_CONSOLE_BUFFER];
};

/* Zero-initialise, with descriptors -1. */
struct aq_console {
    int guest;    /* QEMU's end of the console */
    int listener; /* its socket in the VM's runtime folder */
    int client;
    int guest_place, listener_place, client_place;
    int64_t client_took_ms; /* when the client last took something, or had nothing to take */
    struct aq_bounded log;
    struct aq_stream_buffer to_client, to_guest;
    bool ended;
};

void aq_console_fill(struct aq_console *console, struct aq_polls *polls, int64_t now_ms);
void aq_console_serve(struct aq_console *console, const struct aq_polls *polls, int64_t now_ms);

/* Takes what the guest has still said, and closes everything: QEMU has ended. */
void aq_console_end(struct aq_console *console);

#endif
