/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a frame that the guest sends. A guest needs little: its own ARP, DHCP, names, neighbours of
 * IPv6, and connections as the rules allow them. All else is dropped, and the drop has a name.
 */
#ifndef AQ_GATEWAY_JUDGE_H
#define AQ_GATEWAY_JUDGE_H

#include "gateway/flows.h"
#include "gateway/net.h"
#include "gateway/peers.h"
#include "gateway/policy.h"

enum aq_verdict {
    AQ_DROP,    /* silently, but counted */
    AQ_REFUSE,  /* the same, and the guest is told */
    AQ_PASS,    /* to libslirp */
    AQ_TO_DHCP, /* these are answered here */
    AQ_TO_DNS,
    AQ_TO_ADVERT, /* a host that asks for a router (IPv6) */
    AQ_TO_GATE,   /* the answer to the gate's own question */
    AQ_TO_PEER,   /* to another VM of the private network */
};

/* The port of the host's end that the gate asks from; and from beyond the net, the port of both ends. */
#define AQ_GATE_PORT 1

struct aq_judge {
    struct aq_guest_card card;
    const struct aq_policy *policy;
    struct aq_flows *ingress;     /* connections that came in: what the guest says in them passes */
    struct aq_flows *asked;       /* far ends that the guest has sent UDP to: what they say passes */
    const struct aq_peers *peers; /* the other VMs of its private network; may be NULL */
};

/* Judges a frame from the guest; `fault` tells why it is not passed on. */
enum aq_verdict aq_judge_frame(const struct aq_judge *judge, const unsigned char *frame, size_t length,
                               int64_t now_ms, struct aq_packet *packet, enum aq_fault *fault);

/* Do the rules allow the guest to open that conversation? Whether it came in is another question. */
bool aq_judge_allows(const struct aq_judge *judge, const struct aq_flow *flow);

/* A frame of libslirp's on its way to the guest: notes whom it lets in. `forwarded` tells whether a forward
   leads to the port that it goes to. False when it must not pass: UDP from one whom nobody asked. */
bool aq_judge_inbound(const struct aq_judge *judge, const struct aq_packet *packet, bool forwarded,
                      int64_t now_ms);

/* A frame of another VM's, by its own cable: may it go to the guest? Notes what the guest may then answer. */
bool aq_judge_from_peer(const struct aq_judge *judge, const struct aq_peer *peer,
                        const struct aq_packet *packet, int64_t now_ms);

#endif
