/* SPDX-License-Identifier: MIT */
/*
 * An Ethernet frame taken apart. What is not plainly one of the few things that a guest needs is told by a
 * fault: nothing here guesses, and nothing is put together again (fragments are a fault). Sources: IEEE
 * 802.3, RFC 826 (ARP), 791 (IPv4), 8200 (IPv6), 9293 (TCP), 768 (UDP).
 */
#ifndef AQ_GATEWAY_PACKET_H
#define AQ_GATEWAY_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fault.h"
#include "util/ip.h"

#define AQ_MAC_SIZE 6
#define AQ_ETHER_HEADER 14
#define AQ_IP4_HEADER 20
#define AQ_IP6_HEADER 40
#define AQ_UDP_HEADER 8
#define AQ_TCP_HEADER 20

enum aq_ethertype {
    AQ_ETHERTYPE_IP4 = 0x0800,
    AQ_ETHERTYPE_ARP = 0x0806,
    AQ_ETHERTYPE_IP6 = 0x86dd,
};

/* As IANA numbers them. */
enum aq_protocol {
    AQ_PROTOCOL_ICMP = 1,
    AQ_PROTOCOL_TCP = 6,
    AQ_PROTOCOL_UDP = 17,
    AQ_PROTOCOL_ICMP6 = 58,
};

enum aq_tcp_flags { AQ_TCP_FIN = 1, AQ_TCP_SYN = 2, AQ_TCP_RST = 4, AQ_TCP_ACK = 16 };

/* Points into the frame. */
struct aq_packet {
    const unsigned char *frame;
    size_t length; /* of the frame */
    uint16_t ethertype;
    const unsigned char *network;   /* the ARP or IP header */
    const unsigned char *transport; /* what follows the IP header */
    size_t transport_length;
    struct aq_ip source, target; /* of IP; the sender's and the asked for of ARP */
    uint8_t protocol;
    uint16_t source_port, target_port; /* of TCP and UDP */
    uint8_t flags;                     /* of TCP */
    uint8_t icmp_type;
    const unsigned char *payload; /* of TCP and UDP */
    size_t payload_length;
};

/* Takes a frame apart as far as it goes: on a fault, source and target are set where they were seen. */
enum aq_fault aq_packet_parse(const unsigned char *frame, size_t length, struct aq_packet *packet);

static inline bool aq_packet_is_ip(const struct aq_packet *packet)
{
    return packet->ethertype == AQ_ETHERTYPE_IP4 || packet->ethertype == AQ_ETHERTYPE_IP6;
}

static inline bool aq_packet_is(const struct aq_packet *packet, enum aq_protocol protocol)
{
    return aq_packet_is_ip(packet) && packet->protocol == protocol;
}

#endif
