/* SPDX-License-Identifier: MIT */
/* libslirp: it ends the guest's connections and makes them again as sockets of the host. Only judged frames
 * reach it, and it is told nothing that it would have to read a file for. */
#ifndef AQ_GATEWAY_NAT_H
#define AQ_GATEWAY_NAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/build.h"
#include "gateway/polls.h"

struct aq_nat;

/* What it calls back. */
struct aq_nat_user {
    /* A frame for the guest. */
    void (*send)(void *data, const unsigned char *frame, size_t length);
    /* May the listening socket be waited for in this turn (gate.h)? */
    bool (*may_wait)(void *data, int fd);
    /* Somebody waits there: may the connection be taken now? */
    bool (*may_accept)(void *data, int fd);
    void *data;
};

/* Ends the process when libslirp cannot be had. */
struct aq_nat *aq_nat_open(const struct aq_ip *guest, const struct aq_nat_user *user);
void aq_nat_close(struct aq_nat *nat);

void aq_nat_input(struct aq_nat *nat, const unsigned char *frame, size_t length);

/* Leads a port of the host, whose socket `fd` is bound to it (and listens), to one of the guest; the socket
   is libslirp's from here on. False when libslirp refuses. */
bool aq_nat_forward(struct aq_nat *nat, bool udp, int fd, const struct aq_endpoint *host,
                    const struct aq_endpoint *guest);
void aq_nat_unforward(struct aq_nat *nat, bool udp, const struct aq_endpoint *host);

/* One turn: before and after the wait. With nothing open there is no timer to mind. */
void aq_nat_fill(struct aq_nat *nat, struct aq_polls *polls, int64_t now_ms);
void aq_nat_serve(struct aq_nat *nat, const struct aq_polls *polls);

/* A turn in which its sockets are left alone, since the guest has not yet taken what came from them. */
void aq_nat_pause(struct aq_nat *nat);

#endif
