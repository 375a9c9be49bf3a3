/* SPDX-License-Identifier: MIT */
#include "gateway/advert.h"

#include <string.h>

#include "gateway/build.h"
#include "gateway/bytes.h"

enum {
    ADVERTISEMENT = 134,
    HOP_LIMIT = 64,
    LIFETIME = 1800, /* seconds */
    ON_LINK_AND_AUTONOMOUS = 0xc0,
};

size_t aq_advert_build(const struct aq_guest_card *card, unsigned char *frame)
{
    static const struct aq_ip router = {{0xfe, 0x80, [15] = 2}}; /* with the card that libslirp gives it */
    static const struct aq_ip all_nodes = {{0xff, 2, [15] = 1}};
    static const unsigned char router_card[] = {1, 1, 0x52, 0x56, 0, 0, 0, 2};
    unsigned char message[16 + sizeof router_card + 32 + 24] = {ADVERTISEMENT, 0, 0, 0, HOP_LIMIT};
    unsigned char *prefix = message + 16 + sizeof router_card, *server = prefix + 32;
    aq_put16(message + 6, LIFETIME);
    memcpy(message + 16, router_card, sizeof router_card);
    prefix[0] = 3; /* prefix information */
    prefix[1] = 4;
    prefix[2] = AQ_NET6_BITS;
    prefix[3] = ON_LINK_AND_AUTONOMOUS;
    aq_put32(prefix + 4, UINT32_MAX); /* valid for ever */
    aq_put32(prefix + 8, UINT32_MAX);
    memcpy(prefix + 16, AQ_NET6.bytes, 16);
    server[0] = 25; /* recursive DNS server */
    server[1] = 3;
    aq_put32(server + 4, LIFETIME);
    memcpy(server + 8, AQ_NET6_NAMESERVER.bytes, 16);
    _Static_assert(AQ_ETHER_HEADER + AQ_IP6_HEADER + sizeof message <= AQ_BUILD_MAX, "room for it");
    return aq_build_icmp6(frame, card->mac, &router, &all_nodes, message, sizeof message);
}
