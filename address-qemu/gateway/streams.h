/* SPDX-License-Identifier: MIT */
/*
 * How far each TCP connection has come. libslirp keeps what arrives out of order, each segment in a buffer of
 * 64 KiB however short it is, so that a guest could have it fill any memory. Nothing is lost between a guest
 * and here, so hardly anything ever is out of order: a few segments ahead of what was acknowledged are let
 * through, the rest is left for the guest to send again.
 */
#ifndef AQ_GATEWAY_STREAMS_H
#define AQ_GATEWAY_STREAMS_H

#include "gateway/flows.h"
#include "gateway/packet.h"

enum { AQ_STREAM_AHEAD_MAX = 16 };

struct aq_stream {
    uint32_t acknowledged; /* the sequence number that libslirp wants next */
    unsigned ahead;        /* segments that have been let through beyond it, since it last moved */
};

/* Zero-initialise, but for the seed of the flows. */
struct aq_streams {
    struct aq_flows flows;
    struct aq_stream streams[AQ_FLOW_SETS * AQ_FLOW_WAYS]; /* of the flow in the same place */
};

/* A segment of the guest's with data, or an end: may libslirp have it? Others always may. */
bool aq_streams_may_pass(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms);

/* Learns from a segment of libslirp's to the guest. */
void aq_streams_learn(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms);

#endif
