/* SPDX-License-Identifier: MIT */
#include "gateway/streams.h"

#include <string.h>

#include "gateway/bytes.h"

/* How far a is beyond b, in sequence numbers (RFC 9293, 3.4). */
static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* The first segment of a connection, whoever opens it. */
static bool opens(const struct aq_packet *packet)
{
    return (packet->flags & (AQ_TCP_SYN | AQ_TCP_ACK)) == AQ_TCP_SYN;
}

static uint32_t sequence_after(const struct aq_packet *packet)
{
    return aq_get32(packet->transport + 4) + (uint32_t)packet->payload_length +
           ((packet->flags & AQ_TCP_FIN) != 0);
}

/* What the guest says of its own end, and of the far one's. */
static void note_ends(struct aq_stream *stream, const struct aq_packet *packet)
{
    bool acknowledges = (packet->flags & AQ_TCP_ACK) != 0;
    if (stream->far_ended && acknowledges && distance(aq_get32(packet->transport + 8), stream->far_end) >= 0)
        stream->far_done = true;
    if ((packet->flags & AQ_TCP_FIN) != 0) {
        stream->guest_ended = true;
        stream->guest_end = sequence_after(packet);
    }
}

static void drop_oldest(struct aq_streams *streams)
{
    memmove(streams->over, streams->over + 1, --streams->over_count * sizeof *streams->over);
}

/* libslirp waits for ten seconds now, unless the guest was the first to close; then it knows of none. */
static void note_over(struct aq_streams *streams, const struct aq_flow *flow, const struct aq_ip *guest,
                      struct aq_stream *stream)
{
    if (stream->over || !stream->guest_ended || !stream->far_done ||
        stream->acknowledged != stream->guest_end)
        return;
    if (streams->over_count == AQ_STREAMS_OVER_MAX)
        drop_oldest(streams); /* whose ten seconds are up, or nearly */
    streams->over[streams->over_count++] = (struct aq_stream_over){*flow, *guest, stream->guest_end};
    stream->over = true;
}

bool aq_streams_take_over(struct aq_streams *streams, struct aq_stream_over *over)
{
    while (streams->over_count > 0) {
        *over = streams->over[0];
        drop_oldest(streams);
        int place = aq_flows_find(&streams->flows, &over->flow);
        struct aq_stream *stream = place >= 0 ? &streams->streams[place] : NULL;
        if (stream == NULL || !stream->over || stream->guest_end != over->sequence)
            continue;
        aq_flows_forget(&streams->flows, place);
        return true;
    }
    return false;
}

/* Lets a segment through beyond what is acknowledged, if there are not too many of them. */
static bool take_ahead(struct aq_stream *stream, const struct aq_packet *packet)
{
    if (stream->ahead == AQ_STREAM_AHEAD_MAX)
        return false;
    stream->ahead_ends[stream->ahead++] = sequence_after(packet);
    return true;
}

/* libslirp keeps those no more that end within what it acknowledges, and no others. */
static void acknowledge(struct aq_stream *stream, uint32_t acknowledged)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < stream->ahead; i++)
        if (distance(stream->ahead_ends[i], acknowledged) > 0)
            stream->ahead_ends[kept++] = stream->ahead_ends[i];
    stream->ahead = kept;
    stream->acknowledged = acknowledged;
}

bool aq_streams_may_pass(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms)
{
    const struct aq_flow flow = {packet->target, packet->target_port, packet->source_port, packet->protocol};
    int place = aq_flows_find(&streams->flows, &flow);
    bool plain = packet->payload_length == 0 && (packet->flags & AQ_TCP_FIN) == 0;
    if (place < 0)
        return plain;
    struct aq_stream *stream = &streams->streams[place];
    if (opens(packet)) /* its ports are used again */
        stream->guest_ended = stream->far_ended = stream->far_done = stream->over = false;
    if (!plain) {
        aq_flows_note(&streams->flows, &flow, now_ms);
        if (distance(aq_get32(packet->transport + 4), stream->acknowledged) > 0 &&
            !take_ahead(stream, packet))
            return false;
    }
    note_ends(stream, packet);
    note_over(streams, &flow, &packet->source, stream);
    return true;
}

void aq_streams_learn(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms)
{
    const struct aq_flow flow = {packet->source, packet->source_port, packet->target_port, packet->protocol};
    int place = aq_flows_find(&streams->flows, &flow);
    uint32_t acknowledged = aq_get32(packet->transport + 8);
    if (opens(packet) && place >= 0)
        aq_flows_forget(&streams->flows, place); /* its ports are used again */
    if ((packet->flags & AQ_TCP_ACK) == 0)
        return;
    bool begins = place < 0 || (packet->flags & AQ_TCP_SYN) != 0;
    place = aq_flows_note(&streams->flows, &flow, now_ms);
    struct aq_stream *stream = &streams->streams[place];
    if (begins) {
        *stream = (struct aq_stream){.guest = packet->target, .acknowledged = acknowledged};
    } else if (distance(acknowledged, stream->acknowledged) > 0) {
        acknowledge(stream, acknowledged);
    }
    if ((packet->flags & AQ_TCP_FIN) != 0) {
        stream->far_ended = true;
        stream->far_end = sequence_after(packet);
    }
    note_over(streams, &flow, &packet->target, stream);
}
