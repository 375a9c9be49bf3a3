/* SPDX-License-Identifier: MIT */
/*
 * Who is in conversation with the guest: connections that came in through a forwarded port, and the far ends
 * of its UDP. A table of fixed size in which the longest unheard of makes room; which entries compete is not
 * to be foreseen from outside.
 */
#ifndef AQ_GATEWAY_FLOWS_H
#define AQ_GATEWAY_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/ip.h"

#define AQ_FLOW_SETS 64
#define AQ_FLOW_WAYS 16
#define AQ_FLOWS_MAX (AQ_FLOW_SETS * AQ_FLOW_WAYS)

struct aq_flow {
    struct aq_ip peer;
    uint16_t peer_port, guest_port;
    uint8_t protocol; /* 0: a free entry */
};

/* Zero-initialise, but for the seed: any secret number. */
struct aq_flows {
    uint64_t seed;
    struct {
        struct aq_flow flow;
        int64_t heard_of; /* milliseconds */
    } entries[AQ_FLOW_SETS][AQ_FLOW_WAYS];
};

/* Notes that the flow was heard of now. Returns its place, from 0 to AQ_FLOWS_MAX - 1. */
int aq_flows_note(struct aq_flows *flows, const struct aq_flow *flow, int64_t now_ms);

/* Its place; -1: it is not remembered. */
int aq_flows_find(const struct aq_flows *flows, const struct aq_flow *flow);

/* The one in that place; NULL: it is free. */
const struct aq_flow *aq_flows_at(const struct aq_flows *flows, int place);

/* Makes the entry in that place a free one. */
void aq_flows_forget(struct aq_flows *flows, int place);

/* Was it heard of within the last `patience_ms`? */
bool aq_flows_has(const struct aq_flows *flows, const struct aq_flow *flow, int64_t now_ms,
                  int64_t patience_ms);

#endif
