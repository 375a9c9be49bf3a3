/* SPDX-License-Identifier: MIT */
/* Frames that this process sends to the guest itself. Each function writes a whole frame from the host's end
 * and returns its length. Sources: as gateway/packet.h; RFC 1071 (checksums), 792 and 4443 (ICMP). */
#ifndef AQ_GATEWAY_BUILD_H
#define AQ_GATEWAY_BUILD_H

#include "gateway/net.h"

/* One end of a conversation. */
struct aq_endpoint {
    struct aq_ip ip;
    uint16_t port;
};

/* Room for everything but UDP, which is as long as its payload. */
#define AQ_BUILD_MAX 160
#define AQ_BUILD_UDP_OVERHEAD (AQ_ETHER_HEADER + AQ_IP6_HEADER + AQ_UDP_HEADER)

size_t aq_build_udp(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE],
                    const struct aq_endpoint *from, const struct aq_endpoint *to, const void *payload,
                    size_t length);

/* A segment without data. */
struct aq_segment {
    uint32_t sequence, acknowledged;
    uint8_t flags;
};
size_t aq_build_tcp(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE],
                    const struct aq_endpoint *from, const struct aq_endpoint *to,
                    const struct aq_segment *segment);

/* What a refused packet is answered with: a reset for TCP, "administratively prohibited" for UDP. 0 for what
   gets no answer: a reset, anything else. */
size_t aq_build_refusal(unsigned char *frame, const struct aq_packet *packet);

/* "That address is at this card", in answer to an ARP question. */
size_t aq_build_arp_reply(unsigned char *frame, const struct aq_packet *question,
                          const unsigned char mac[AQ_MAC_SIZE]);

/* An ICMPv6 message, its checksum filled in. */
size_t aq_build_icmp6(unsigned char *frame, const unsigned char mac[AQ_MAC_SIZE], const struct aq_ip *from,
                      const struct aq_ip *to, const unsigned char *message, size_t length);

#endif
