/* SPDX-License-Identifier: MIT */
#include "gateway/flows.h"

#include <string.h>

/* Mixes like the finalizer of MurmurHash3: enough where the seed is secret and nothing but a place in the
   table depends on it. */
static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    value ^= value >> 33;
    value *= UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ value >> 33;
}

static unsigned set_of(const struct aq_flows *flows, const struct aq_flow *flow)
{
    uint64_t high, low;
    memcpy(&high, flow->peer.bytes, sizeof high);
    memcpy(&low, flow->peer.bytes + sizeof high, sizeof low);
    uint64_t ports = (uint64_t)flow->peer_port << 32 | (uint64_t)flow->guest_port << 16 | flow->protocol;
    return (unsigned)(mix(mix(mix(flows->seed ^ high) ^ low) ^ ports) % AQ_FLOW_SETS);
}

static bool same(const struct aq_flow *a, const struct aq_flow *b)
{
    return a->protocol == b->protocol && a->guest_port == b->guest_port && a->peer_port == b->peer_port &&
           aq_ip_equal(&a->peer, &b->peer);
}

int aq_flows_find(const struct aq_flows *flows, const struct aq_flow *flow)
{
    unsigned set = set_of(flows, flow);
    for (unsigned way = 0; way < AQ_FLOW_WAYS; way++)
        if (same(&flows->entries[set][way].flow, flow))
            return (int)(set * AQ_FLOW_WAYS + way);
    return -1;
}

static int longest_unheard(const struct aq_flows *flows, const struct aq_flow *flow)
{
    unsigned set = set_of(flows, flow), oldest = 0;
    for (unsigned way = 1; way < AQ_FLOW_WAYS; way++)
        if (flows->entries[set][way].heard_of < flows->entries[set][oldest].heard_of)
            oldest = way;
    return (int)(set * AQ_FLOW_WAYS + oldest);
}

int aq_flows_note(struct aq_flows *flows, const struct aq_flow *flow, int64_t now_ms)
{
    int place = aq_flows_find(flows, flow);
    if (place < 0)
        place = longest_unheard(flows, flow);
    flows->entries[place / AQ_FLOW_WAYS][place % AQ_FLOW_WAYS].flow = *flow;
    flows->entries[place / AQ_FLOW_WAYS][place % AQ_FLOW_WAYS].heard_of = now_ms;
    return place;
}

const struct aq_flow *aq_flows_at(const struct aq_flows *flows, int place)
{
    const struct aq_flow *flow = &flows->entries[place / AQ_FLOW_WAYS][place % AQ_FLOW_WAYS].flow;
    return flow->protocol != 0 ? flow : NULL;
}

void aq_flows_forget(struct aq_flows *flows, int place)
{
    memset(&flows->entries[place / AQ_FLOW_WAYS][place % AQ_FLOW_WAYS], 0, sizeof flows->entries[0][0]);
}

bool aq_flows_has(const struct aq_flows *flows, const struct aq_flow *flow, int64_t now_ms,
                  int64_t patience_ms)
{
    int place = aq_flows_find(flows, flow);
    return place >= 0 &&
           now_ms - flows->entries[place / AQ_FLOW_WAYS][place % AQ_FLOW_WAYS].heard_of <= patience_ms;
}
