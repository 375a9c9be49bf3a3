/* SPDX-License-Identifier: MIT */
#include "gateway/build.h"

#include <string.h>

#include "gateway/bytes.h"

enum {
    TTL = 64,
    LINK_HOP_LIMIT = 255, /* what neighbour discovery insists on, and nothing else minds */
    UNREACHABLE4 = 3,
    PROHIBITED4 = 13,
    UNREACHABLE6 = 1,
    PROHIBITED6 = 1,
    QUOTED = 8, /* of a refused datagram's payload: what RFC 792 asks for */
};

static uint32_t sum(uint32_t so_far, const unsigned char *at, size_t length)
{
    for (; length > 1; at += 2, length -= 2)
        so_far += aq_get16(at);
    return length > 0 ? so_far + ((uint32_t)at[0] << 8) : so_far;
}

static uint16_t finish(uint32_t so_far)
{
    while (so_far >> 16 != 0)
        so_far = (so_far & 0xffff) + (so_far >> 16);
    return (uint16_t)~so_far;
}

/* Over the pseudo header (the same for both families, since its zeros do not count) and the message. */
static uint16_t transport_checksum(const struct aq_ip *from, const struct aq_ip *to, uint8_t protocol,
                                   const unsigned char *message, size_t length)
{
    size_t skip = aq_ip_is4(from) ? 12 : 0;
    uint32_t so_far = sum(0, from->bytes + skip, 16 - skip);
    so_far = sum(so_far, to->bytes + skip, 16 - skip);
    so_far += protocol + (uint32_t)(length >> 16) + (uint32_t)(length & 0xffff);
    return finish(sum(so_far, message, length));
}

static void put_ether(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE], uint16_t type)
{
    memcpy(frame, mac, AQ_MAC_SIZE);
    memcpy(frame + AQ_MAC_SIZE, aq_net_mac, AQ_MAC_SIZE);
    aq_put16(frame + 12, type);
}

/* Writes the headers up to the transport's and returns where that goes. */
static unsigned char *put_ip(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE],
                             const struct aq_ip *from, const struct aq_ip *to, uint8_t protocol,
                             size_t length)
{
    unsigned char *ip = frame + AQ_ETHER_HEADER;
    bool four = aq_ip_is4(from);
    put_ether(frame, mac, four ? AQ_ETHERTYPE_IP4 : AQ_ETHERTYPE_IP6);
    if (four) {
        memset(ip, 0, AQ_IP4_HEADER);
        ip[0] = 0x45;
        aq_put16(ip + 2, (uint16_t)(AQ_IP4_HEADER + length));
        ip[6] = 0x40; /* do not fragment */
        ip[8] = TTL;
        ip[9] = protocol;
        memcpy(ip + 12, from->bytes + 12, 4);
        memcpy(ip + 16, to->bytes + 12, 4);
        aq_put16(ip + 10, finish(sum(0, ip, AQ_IP4_HEADER)));
        return ip + AQ_IP4_HEADER;
    }
    memset(ip, 0, AQ_IP6_HEADER);
    ip[0] = 0x60;
    aq_put16(ip + 4, (uint16_t)length);
    ip[6] = protocol;
    ip[7] = LINK_HOP_LIMIT;
    memcpy(ip + 8, from->bytes, 16);
    memcpy(ip + 24, to->bytes, 16);
    return ip + AQ_IP6_HEADER;
}

size_t aq_build_udp(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE],
                    const struct aq_endpoint *from, const struct aq_endpoint *to, const void *payload,
                    size_t length)
{
    size_t size = AQ_UDP_HEADER + length;
    unsigned char *udp = put_ip(frame, mac, &from->ip, &to->ip, AQ_PROTOCOL_UDP, size);
    aq_put16(udp, from->port);
    aq_put16(udp + 2, to->port);
    aq_put16(udp + 4, (uint16_t)size);
    aq_put16(udp + 6, 0);
    memcpy(udp + AQ_UDP_HEADER, payload, length);
    uint16_t checksum = transport_checksum(&from->ip, &to->ip, AQ_PROTOCOL_UDP, udp, size);
    aq_put16(udp + 6, checksum != 0 ? checksum : 0xffff);
    return (size_t)(udp + size - frame);
}

size_t aq_build_tcp(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE],
                    const struct aq_endpoint *from, const struct aq_endpoint *to,
                    const struct aq_segment *segment)
{
    unsigned char *tcp = put_ip(frame, mac, &from->ip, &to->ip, AQ_PROTOCOL_TCP, AQ_TCP_HEADER);
    memset(tcp, 0, AQ_TCP_HEADER);
    aq_put16(tcp, from->port);
    aq_put16(tcp + 2, to->port);
    aq_put32(tcp + 4, segment->sequence);
    aq_put32(tcp + 8, segment->acknowledged);
    tcp[12] = AQ_TCP_HEADER / 4 << 4;
    tcp[13] = segment->flags;
    aq_put16(tcp + 14, UINT16_MAX); /* the window */
    aq_put16(tcp + 16, transport_checksum(&from->ip, &to->ip, AQ_PROTOCOL_TCP, tcp, AQ_TCP_HEADER));
    return (size_t)(tcp + AQ_TCP_HEADER - frame);
}

/* RFC 9293, 3.10.7.1: the reset of a segment for which there is no connection. */
static size_t build_reset(unsigned char *frame, const struct aq_packet *packet)
{
    const unsigned char *tcp = packet->transport;
    if ((packet->flags & AQ_TCP_RST) != 0)
        return 0;
    struct aq_segment reset = {.flags = AQ_TCP_RST};
    if ((packet->flags & AQ_TCP_ACK) != 0) {
        reset.sequence = aq_get32(tcp + 8);
    } else {
        reset.flags |= AQ_TCP_ACK;
        reset.acknowledged = aq_get32(tcp + 4) + (uint32_t)packet->payload_length +
                             ((packet->flags & AQ_TCP_SYN) != 0) + ((packet->flags & AQ_TCP_FIN) != 0);
    }
    return aq_build_tcp(frame, packet->frame + AQ_MAC_SIZE,
                        &(struct aq_endpoint){packet->target, packet->target_port},
                        &(struct aq_endpoint){packet->source, packet->source_port}, &reset);
}

size_t aq_build_icmp6(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE], const struct aq_ip *from,
                      const struct aq_ip *to, const unsigned char *message, size_t length)
{
    unsigned char *icmp = put_ip(frame, mac, from, to, AQ_PROTOCOL_ICMP6, length);
    memcpy(icmp, message, length);
    aq_put16(icmp + 2, 0);
    aq_put16(icmp + 2, transport_checksum(from, to, AQ_PROTOCOL_ICMP6, icmp, length));
    return (size_t)(icmp + length - frame);
}

/* The error quotes the refused packet's headers, from the host's end. */
static size_t build_unreachable(unsigned char *frame, const struct aq_packet *packet)
{
    unsigned char message[8 + AQ_IP6_HEADER + QUOTED] = {0};
    bool four = packet->ethertype == AQ_ETHERTYPE_IP4;
    size_t quoted = (four ? AQ_IP4_HEADER : AQ_IP6_HEADER) + QUOTED, length = 8 + quoted;
    const unsigned char *mac = packet->frame + AQ_MAC_SIZE;
    message[0] = four ? UNREACHABLE4 : UNREACHABLE6;
    message[1] = four ? PROHIBITED4 : PROHIBITED6;
    memcpy(message + 8, packet->network, quoted); /* its UDP header is there, as packet.c has seen */
    _Static_assert(AQ_ETHER_HEADER + AQ_IP6_HEADER + sizeof message <= AQ_BUILD_MAX, "room for it");
    if (!four)
        return aq_build_icmp6(frame, mac, &AQ_NET6_HOST, &packet->source, message, length);
    aq_put16(message + 2, finish(sum(0, message, length)));
    unsigned char *icmp = put_ip(frame, mac, &AQ_NET4_HOST, &packet->source, AQ_PROTOCOL_ICMP, length);
    memcpy(icmp, message, length);
    return (size_t)(icmp + length - frame);
}

size_t aq_build_refusal(unsigned char *frame, const struct aq_packet *packet)
{
    if (aq_packet_is(packet, AQ_PROTOCOL_TCP))
        return build_reset(frame, packet);
    return aq_packet_is(packet, AQ_PROTOCOL_UDP) ? build_unreachable(frame, packet) : 0;
}

size_t aq_build_arp_reply(unsigned char *frame, const struct aq_packet *question,
                          const unsigned char mac[AQ_MAC_SIZE])
{
    unsigned char *arp = frame + AQ_ETHER_HEADER;
    const unsigned char *asked = question->network;
    put_ether(frame, question->frame + AQ_MAC_SIZE, AQ_ETHERTYPE_ARP);
    memcpy(frame + AQ_MAC_SIZE, mac, AQ_MAC_SIZE);
    memcpy(arp, asked, 7);
    arp[7] = 2; /* a reply */
    memcpy(arp + 8, mac, AQ_MAC_SIZE);
    memcpy(arp + 14, asked + 24, 4);
    memcpy(arp + 18, asked + 8, AQ_MAC_SIZE);
    memcpy(arp + 24, asked + 14, 4);
    return AQ_ETHER_HEADER + 28;
}
