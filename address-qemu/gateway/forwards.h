/* SPDX-License-Identifier: MIT */
/*
 * Ports of the host that lead into the guest, and their gates.
 *
 * A client may come long before the guest's service is up. Were its connection taken at once, its SYN to the
 * guest would be lost and repeated after 1, 3, 7, 15 … seconds: a client could wait 19 s for a service that
 * is there. So a connection is left in the system's queue until the guest's port answers a SYN of our own.
 */
#ifndef AQ_GATEWAY_FORWARDS_H
#define AQ_GATEWAY_FORWARDS_H

#include "gateway/nat.h"
#include "gateway/packet.h"

#define AQ_FORWARDS_MAX 65 /* AQ_RUN_PORTS_MAX */

enum aq_gate {
    AQ_GATE_IDLE,   /* nobody has come yet */
    AQ_GATE_ASKING, /* somebody waits, and the guest's port is asked again and again */
    AQ_GATE_OPEN,   /* it has answered */
};

struct aq_forward_port {
    bool udp;
    struct aq_endpoint host;
    uint16_t guest_port;
    int fd; /* libslirp's */
    enum aq_gate gate;
    int64_t ask_at_ms;
};

struct aq_forwards {
    struct aq_nat *nat;
    struct aq_ip guest;
    /* Sends a SYN, or (with the guest's answer) a reset, to that port of the guest. */
    void (*ask)(void *data, uint16_t guest_port, const struct aq_packet *answer);
    void *data;
    unsigned count;
    struct aq_forward_port ports[AQ_FORWARDS_MAX];
    int64_t patient_until_ms; /* a port that says "closed" may be one whose service is still to come */
};

/* Adds one, whose socket is bound (and listens); the socket is taken over. False when there are too many, or
   libslirp refuses; then it is closed. */
bool aq_forwards_add(struct aq_forwards *forwards, bool udp, const struct aq_endpoint *host,
                     uint16_t guest_port, int fd);
bool aq_forwards_remove(struct aq_forwards *forwards, bool udp, const struct aq_endpoint *host);

/* Does one lead to that port of the guest? */
bool aq_forwards_lead_to(const struct aq_forwards *forwards, uint8_t protocol, uint16_t guest_port);

/* The guest has just come up (again): its services are not there yet. */
void aq_forwards_guest_begins(struct aq_forwards *forwards, int64_t now_ms);

/* The guest's answer to what `ask` sent: AQ_TO_GATE of judge.h. */
void aq_forwards_answered(struct aq_forwards *forwards, const struct aq_packet *packet, int64_t now_ms);

/* Asks where it is time to, and notes when it is time again. */
void aq_forwards_tick(struct aq_forwards *forwards, struct aq_polls *polls, int64_t now_ms);

/* For aq_nat_user. */
bool aq_forwards_may_wait(const struct aq_forwards *forwards, int fd);
bool aq_forwards_may_accept(struct aq_forwards *forwards, int fd, int64_t now_ms);

#endif
