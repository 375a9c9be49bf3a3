/* SPDX-License-Identifier: MIT */
/*
 * The addresses of a host's name. The resolver of the C library blocks for as long as name servers please, so
 * it runs in a thread of its own and whoever waits does so with util/wait.h.
 */
#ifndef AQ_UTIL_RESOLVE_H
#define AQ_UTIL_RESOLVE_H

#include <stdint.h>
#include <sys/socket.h>

#include "util/error.h"

#define AQ_ADDRESSES_MAX 8

struct aq_address {
    struct sockaddr_storage socket;
    socklen_t length;
};

struct aq_resolve;

/* Starts looking up where TCP connections to `host`, a name or an address, go to. */
struct aq_resolve *aq_resolve_start(const char *host, uint16_t port);

/* Readable when there is an answer. */
int aq_resolve_fd(const struct aq_resolve *resolve);

/* Takes the answer: how many addresses there are, 0 not yet, -1 with HOST_NOT_FOUND. */
int aq_resolve_take(struct aq_resolve *resolve, struct aq_address addresses[AQ_ADDRESSES_MAX],
                    struct aq_error *err);

/* Lets go of it, also of one that has no answer yet. NULL is fine. */
void aq_resolve_close(struct aq_resolve *resolve);

#endif
