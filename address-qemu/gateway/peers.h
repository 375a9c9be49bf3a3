/* SPDX-License-Identifier: MIT */
/*
 * The other VMs of a private network. Each pair of gateways shares a cable of its own (a SOCK_SEQPACKET
 * pair), handed to both by whoever starts the later VM; there is no switch, and nobody hears what is not for
 * him. A guest finds the others at their addresses in its own net, behind cards of ours.
 *
 * What a guest sends to another is judged by its own rules; what arrives is believed of its sender's address
 * only as far as the cable says whose it is.
 */
#ifndef AQ_GATEWAY_PEERS_H
#define AQ_GATEWAY_PEERS_H

#include "gateway/net.h"
#include "gateway/polls.h"

#define AQ_PEERS_MAX 48

struct aq_peer {
    char name[64]; /* in lower case */
    struct aq_ip address;
    int cable, place;
};

struct aq_peers {
    unsigned count;
    struct aq_peer peers[AQ_PEERS_MAX];
};

/* Adds one, whose cable is taken over. One of the same address is what it was before it was started again,
   and goes. False when there is no room; then the cable is closed. */
bool aq_peers_add(struct aq_peers *peers, const char *name, const struct aq_ip *address, int cable);

/* Takes the one in that place away. */
void aq_peers_remove(struct aq_peers *peers, unsigned place);

/* The one at an address; NULL. */
const struct aq_peer *aq_peers_at(const struct aq_peers *peers, const struct aq_ip *address);

/* By which card a guest reaches an address of its net. */
void aq_peers_card(const struct aq_ip *address, unsigned char mac[AQ_MAC_SIZE]);

void aq_peers_fill(struct aq_peers *peers, struct aq_polls *polls);

#endif
