/* SPDX-License-Identifier: MIT */
/*
 * The network that a guest sees: itself, the host, and a nameserver. The numbers are those of QEMU's built-in
 * user network, so that guests and habits need no change.
 */
#ifndef AQ_GATEWAY_NET_H
#define AQ_GATEWAY_NET_H

#include "gateway/packet.h"

#define AQ_NET4 AQ_IP4(10, 0, 2, 0)
#define AQ_NET4_BITS (AQ_IP4_BITS + 24)
#define AQ_NET4_HOST AQ_IP4(10, 0, 2, 2) /* leads to 127.0.0.1 of the host */
#define AQ_NET4_NAMESERVER AQ_IP4(10, 0, 2, 3)
#define AQ_NET4_GUEST AQ_IP4(10, 0, 2, 15) /* unless it is in a private network */

/* An address that nobody has (RFC 5737), from beyond the guest's net: only a guest with a route out of it can
   answer there. */
#define AQ_NET4_BEYOND AQ_IP4(192, 0, 2, 1)

#define AQ_NET6_BYTES 0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define AQ_NET6 ((struct aq_ip){{AQ_NET6_BYTES, 0}})
#define AQ_NET6_BITS 64
#define AQ_NET6_HOST ((struct aq_ip){{AQ_NET6_BYTES, 2}}) /* leads to ::1 of the host */
#define AQ_NET6_NAMESERVER ((struct aq_ip){{AQ_NET6_BYTES, 3}})

/* One frame and its IP packet at most, however a guest cuts its stream: large ones cost least. */
#define AQ_NET_MTU 65520
#define AQ_FRAME_MAX (AQ_ETHER_HEADER + AQ_NET_MTU)

/* A guest's end. */
struct aq_guest_card {
    unsigned char mac[AQ_MAC_SIZE];
    struct aq_ip address; /* IPv4; of IPv6 it chooses its own within AQ_NET6 */
};

/* The card of the host's end, by which it sends all that it answers itself. */
extern const unsigned char aq_net_mac[AQ_MAC_SIZE];

#endif
