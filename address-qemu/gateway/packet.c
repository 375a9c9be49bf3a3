/* SPDX-License-Identifier: MIT */
#include "gateway/packet.h"

#include <string.h>

#include "gateway/bytes.h"

enum { ARP_SIZE = 28, ICMP_HEADER = 8 };

static enum aq_fault parse_arp(struct aq_packet *packet)
{
    static const unsigned char ethernet_ip4[] = {0, 1, 8, 0, AQ_MAC_SIZE, 4, 0};
    const unsigned char *arp = packet->network;
    if (packet->length < AQ_ETHER_HEADER + ARP_SIZE)
        return AQ_FAULT_SHORT;
    packet->source = aq_ip_from4(arp + 14);
    packet->target = aq_ip_from4(arp + 24);
    bool request_or_reply = arp[7] == 1 || arp[7] == 2;
    return memcmp(arp, ethernet_ip4, sizeof ethernet_ip4) == 0 && request_or_reply ? AQ_FAULT_NONE
                                                                                   : AQ_FAULT_ARP;
}

static enum aq_fault parse_udp(struct aq_packet *packet)
{
    const unsigned char *udp = packet->transport;
    if (packet->transport_length < AQ_UDP_HEADER || aq_get16(udp + 4) != packet->transport_length)
        return AQ_FAULT_SHORT;
    packet->payload = udp + AQ_UDP_HEADER;
    packet->payload_length = packet->transport_length - AQ_UDP_HEADER;
    return AQ_FAULT_NONE;
}

static enum aq_fault parse_tcp(struct aq_packet *packet)
{
    const unsigned char *tcp = packet->transport;
    if (packet->transport_length < AQ_TCP_HEADER)
        return AQ_FAULT_SHORT;
    size_t header = (tcp[12] >> 4) * (size_t)4;
    if (header < AQ_TCP_HEADER || header > packet->transport_length)
        return AQ_FAULT_SHORT;
    packet->flags = tcp[13];
    packet->payload = tcp + header;
    packet->payload_length = packet->transport_length - header;
    return AQ_FAULT_NONE;
}

static enum aq_fault parse_transport(struct aq_packet *packet)
{
    bool four = packet->ethertype == AQ_ETHERTYPE_IP4;
    if (packet->protocol == AQ_PROTOCOL_TCP || packet->protocol == AQ_PROTOCOL_UDP) {
        if (packet->transport_length < 4)
            return AQ_FAULT_SHORT;
        packet->source_port = aq_get16(packet->transport);
        packet->target_port = aq_get16(packet->transport + 2);
        return packet->protocol == AQ_PROTOCOL_TCP ? parse_tcp(packet) : parse_udp(packet);
    }
    if (packet->protocol != (four ? AQ_PROTOCOL_ICMP : AQ_PROTOCOL_ICMP6))
        return AQ_FAULT_PROTOCOL;
    if (packet->transport_length < ICMP_HEADER)
        return AQ_FAULT_SHORT;
    packet->icmp_type = packet->transport[0];
    return AQ_FAULT_NONE;
}

/* What follows the IP packet in the frame is padding. */
static enum aq_fault parse_ip4(struct aq_packet *packet)
{
    const unsigned char *ip = packet->network;
    size_t room = packet->length - AQ_ETHER_HEADER;
    if (room < AQ_IP4_HEADER)
        return AQ_FAULT_SHORT;
    packet->source = aq_ip_from4(ip + 12);
    packet->target = aq_ip_from4(ip + 16);
    packet->protocol = ip[9];
    if (ip[0] >> 4 != 4)
        return AQ_FAULT_VERSION;
    if ((ip[0] & 15) != AQ_IP4_HEADER / 4)
        return AQ_FAULT_OPTIONS;
    size_t total = aq_get16(ip + 2);
    if (total < AQ_IP4_HEADER || total > room)
        return AQ_FAULT_SHORT;
    if ((aq_get16(ip + 6) & 0xbfff) != 0) /* anything but "do not fragment" */
        return AQ_FAULT_FRAGMENT;
    packet->transport = ip + AQ_IP4_HEADER;
    packet->transport_length = total - AQ_IP4_HEADER;
    return parse_transport(packet);
}

static bool is_extension(uint8_t next_header)
{
    static const uint8_t known[] = {0, 43, 44, 50, 51, 60, 135, 139, 140, 253, 254};
    return memchr(known, next_header, sizeof known) != NULL;
}

static enum aq_fault parse_ip6(struct aq_packet *packet)
{
    const unsigned char *ip = packet->network;
    size_t room = packet->length - AQ_ETHER_HEADER;
    if (room < AQ_IP6_HEADER)
        return AQ_FAULT_SHORT;
    packet->source = aq_ip_from6(ip + 8);
    packet->target = aq_ip_from6(ip + 24);
    packet->protocol = ip[6];
    if (ip[0] >> 4 != 6)
        return AQ_FAULT_VERSION;
    size_t payload = aq_get16(ip + 4);
    if (payload > room - AQ_IP6_HEADER)
        return AQ_FAULT_SHORT;
    packet->transport = ip + AQ_IP6_HEADER;
    packet->transport_length = payload;
    if (packet->protocol == 44) /* the fragment header */
        return AQ_FAULT_FRAGMENT;
    return is_extension(packet->protocol) ? AQ_FAULT_OPTIONS : parse_transport(packet);
}

enum aq_fault aq_packet_parse(const unsigned char *frame, size_t length, struct aq_packet *packet)
{
    *packet = (struct aq_packet){.frame = frame, .length = length, .network = frame + AQ_ETHER_HEADER};
    if (length < AQ_ETHER_HEADER)
        return AQ_FAULT_SHORT;
    packet->ethertype = aq_get16(frame + 12);
    switch (packet->ethertype) {
    case AQ_ETHERTYPE_ARP:
        return parse_arp(packet);
    case AQ_ETHERTYPE_IP4:
        return parse_ip4(packet);
    case AQ_ETHERTYPE_IP6:
        return parse_ip6(packet);
    default:
        return AQ_FAULT_ETHERTYPE;
    }
}
