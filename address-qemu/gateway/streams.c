/* SPDX-License-Identifier: MIT */
#include "gateway/streams.h"

#include "gateway/bytes.h"

/* How far a is beyond b, in sequence numbers (RFC 9293, 3.4). */
static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

bool aq_streams_may_pass(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms)
{
    if (packet->payload_length == 0 && (packet->flags & AQ_TCP_FIN) == 0)
        return true;
    const struct aq_flow flow = {packet->target, packet->target_port, packet->source_port, packet->protocol};
    int place = aq_flows_find(&streams->flows, &flow);
    if (place < 0)
        return false;
    struct aq_stream *stream = &streams->streams[place];
    aq_flows_note(&streams->flows, &flow, now_ms);
    return distance(aq_get32(packet->transport + 4), stream->acknowledged) <= 0 ||
           ++stream->ahead <= AQ_STREAM_AHEAD_MAX;
}

void aq_streams_learn(struct aq_streams *streams, const struct aq_packet *packet, int64_t now_ms)
{
    const struct aq_flow flow = {packet->source, packet->source_port, packet->target_port, packet->protocol};
    int place = aq_flows_find(&streams->flows, &flow);
    uint32_t acknowledged = aq_get32(packet->transport + 8);
    if ((packet->flags & AQ_TCP_ACK) == 0)
        return;
    if (place < 0) {
        place = aq_flows_note(&streams->flows, &flow, now_ms);
        streams->streams[place] = (struct aq_stream){.acknowledged = acknowledged};
        return;
    }
    struct aq_stream *stream = &streams->streams[place];
    aq_flows_note(&streams->flows, &flow, now_ms);
    if ((packet->flags & AQ_TCP_SYN) == 0 && distance(acknowledged, stream->acknowledged) <= 0)
        return;
    *stream = (struct aq_stream){.acknowledged = acknowledged};
}
