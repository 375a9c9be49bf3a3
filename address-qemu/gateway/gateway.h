/* SPDX-License-Identifier: MIT */
/*
 * The gateway of one VM: all that its network card sends and receives goes through here. Each frame of the
 * guest's is judged; what passes goes to libslirp, what is refused is counted and answered. It lives as long
 * as QEMU holds its end of the cable, and with it ends the guest's network.
 */
#ifndef AQ_GATEWAY_GATEWAY_H
#define AQ_GATEWAY_GATEWAY_H

#include "gateway/dhcp.h"
#include "gateway/drops.h"
#include "gateway/forwards.h"
#include "gateway/judge.h"
#include "gateway/link.h"
#include "gateway/resolver.h"
#include "gateway/streams.h"

struct aq_gateway {
    struct aq_link link;
    int link_place;
    bool paused; /* libslirp's sockets are left alone in this turn */
    struct aq_policy policy;
    struct aq_judge judge;
    struct aq_flows ingress, asked;
    struct aq_streams streams;
    unsigned names_judged; /* of policy.names.added, when what was open was last looked at */
    struct aq_drops drops;
    struct aq_dhcp dhcp;
    struct aq_resolver resolver;
    struct aq_endpoint nameserver; /* for TCP */
    struct aq_peers peers;
    struct aq_nat *nat;
    struct aq_forwards forwards;
    int64_t now_ms;       /* of this turn */
    int64_t leased_ms;    /* when the guest was told its address; 0: not since it came up */
    int64_t advert_at_ms; /* 0: no guest has asked for a router */
    uint64_t passed;      /* frames of the guest's */
    /* A line for the log of what was dropped. */
    void (*log)(void *data, const char *line);
    /* What the guest says of a TCP port that it was asked about; of port 0: that its network is up. */
    void (*port_answered)(void *data, uint16_t port, bool open);
    void *data;
};

/* Opens one for a card on the cable `fd`, which it takes over. Until rules are set nothing passes. Its `log`
   has to be set. */
void aq_gateway_open(struct aq_gateway *gateway, int fd, const struct aq_guest_card *card);
void aq_gateway_close(struct aq_gateway *gateway);

/* Another set of rules, from the next frame on; connections that it does not allow are over. */
void aq_gateway_set_rules(struct aq_gateway *gateway, const struct aq_egress *egress);
void aq_gateway_set_nameservers(struct aq_gateway *gateway, const struct aq_endpoint *servers,
                                unsigned count);

/* Lets the guest and another VM of its private network know of each other; the cable is taken over. */
bool aq_gateway_add_peer(struct aq_gateway *gateway, const char *name, const struct aq_ip *address,
                         int cable);

/* Asks the guest once whether something listens on a TCP port; the answer, if one comes, goes to
 * port_answered. */
void aq_gateway_ask_port(struct aq_gateway *gateway, uint16_t port);

/* Asks the guest once, from beyond its net, whether it has its address and a route; as port 0. */
void aq_gateway_ask_network(struct aq_gateway *gateway);

/* One turn: before and after the wait. False: QEMU has ended. */
void aq_gateway_fill(struct aq_gateway *gateway, struct aq_polls *polls, int64_t now_ms);
bool aq_gateway_serve(struct aq_gateway *gateway, const struct aq_polls *polls, int64_t now_ms);

#endif
