/* SPDX-License-Identifier: MIT */
/*
 * How far each TCP connection has come. libslirp keeps what arrives out of order, each segment in a buffer of
 * 64 KiB however short it is, so that a guest could have it fill any memory. Nothing is lost between a guest
 * and here, so hardly anything ever is out of order: a few segments ahead of what was acknowledged are let
 * through, the rest is left for the guest to send again.
 *
 * And it keeps a connection that the far end has closed for ten seconds (RFC 9293's TIME-WAIT) with all that
 * belongs to it, so that a guest would soon have as many as it may. On a cable nothing wanders about that
 * could come late: such a connection can be ended before. But libslirp may not yet have handed on all that it
 * has of the guest, to one who reads slowly; so only when its place is needed, and the oldest first.
 */
#ifndef AQ_GATEWAY_STREAMS_H
#define AQ_GATEWAY_STREAMS_H

#include "gateway/flows.h"
#include "gateway/packet.h"

enum { AQ_STREAM_AHEAD_MAX = 16, AQ_STREAMS_OVER_MAX = 160 };

struct aq_stream {
    struct aq_ip guest;                       /* of its addresses the one that it is at */
    uint32_t acknowledged;                    /* the sequence number that libslirp wants next */
    unsigned ahead;                           /* how many segments beyond it have been let through */
    uint32_t ahead_ends[AQ_STREAM_AHEAD_MAX]; /* the sequence numbers after each of them */
    bool guest_ended, far_ended, far_done;    /* each has sent its end; the guest has all of the far one's */
    bool over;                                /* libslirp can forget it */
    uint32_t guest_end, far_end;              /* the sequence numbers after these */
};

/* What ends one in the guest's name. */
struct aq_stream_over {
    struct aq_flow flow;
    struct aq_ip guest;
    uint32_t sequence; /* of the guest's next segment */
};

/* Zero-initialise, but for the seed of the flows. */
struct aq_streams {
    struct aq_flows flows;
    struct aq_stream streams[AQ_FLOWS_MAX];          /* of the flow in the same place */
    struct aq_stream_over over[AQ_STREAMS_OVER_MAX]; /* the oldest first */
    unsigned over_count;
};

/* A segment of the guest's with data, or an end: may libslirp have it? Others always may. The stream
   may be over by it, when libslirp has it. */
bool aq_streams_may_pass(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms);

/* Learns from a segment of libslirp's to the guest, by which it may be over, too. */
void aq_streams_learn(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms);

/* Takes the oldest that is over, if its ports have not been used again. False when there is none. */
bool aq_streams_take_over(struct aq_streams *streams, struct aq_stream_over *over);

#endif
