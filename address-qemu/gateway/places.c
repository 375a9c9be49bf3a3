/* SPDX-License-Identifier: MIT */
#include "gateway/places.h"

#include <stddef.h>

struct range {
    struct aq_ip prefix;
    unsigned bits;
    enum aq_place place;
};

#define RANGE4(a, b, c, d, bits, place)                                                                      \
    {                                                                                                        \
        AQ_IP4(a, b, c, d), AQ_IP4_BITS + (bits), AQ_PLACE_##place                                           \
    }
#define RANGE6(bits, place, ...)                                                                             \
    {                                                                                                        \
        {{__VA_ARGS__}}, bits, AQ_PLACE_##place                                                              \
    }

/* The first that fits counts. */
static const struct range ranges[] = {
    RANGE4(127, 0, 0, 1, 32, LOCALHOST),
    RANGE6(128, LOCALHOST, [15] = 1),
    RANGE4(0, 0, 0, 0, 8, NOWHERE),
    RANGE4(127, 0, 0, 0, 8, NOWHERE),
    RANGE4(224, 0, 0, 0, 3, NOWHERE), /* multicast, reserved, broadcast */
    RANGE4(169, 254, 0, 0, 16, SPECIAL),
    RANGE4(168, 63, 129, 16, 32, SPECIAL),   /* Azure */
    RANGE4(100, 100, 100, 200, 32, SPECIAL), /* Alibaba Cloud */
    RANGE4(192, 0, 0, 192, 32, SPECIAL),     /* Oracle Cloud */
    RANGE4(0, 0, 0, 0, 0, PUBLIC),
    RANGE6(80, NOWHERE, 0),                                           /* unspecified, IPv4-compatible */
    RANGE6(8, NOWHERE, 0xff),                                         /* multicast */
    RANGE6(10, NOWHERE, 0xfe, 0x80),                                  /* link-local: of which card? */
    RANGE6(10, NOWHERE, 0xfe, 0xc0),                                  /* site-local: the guest's own net */
    RANGE6(96, SPECIAL, 0x00, 0x64, 0xff, 0x9b),                      /* NAT64 */
    RANGE6(48, SPECIAL, 0x00, 0x64, 0xff, 0x9b, 0, 1),                /* the same, local use */
    RANGE6(16, SPECIAL, 0x20, 0x02),                                  /* 6to4 */
    RANGE6(32, SPECIAL, 0x20, 0x01, 0, 0),                            /* Teredo */
    RANGE6(32, SPECIAL, 0xfd, 0x00, 0x0e, 0xc2),                      /* Amazon's metadata */
    RANGE6(128, SPECIAL, 0xfd, 0x20, 0, 0xce, [14] = 2, [15] = 0x54), /* Google: fd20:ce::254 */
};

enum aq_place aq_place_of(const struct aq_ip *ip)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (aq_ip_within(ip, &ranges[i].prefix, ranges[i].bits))
            return ranges[i].place;
    return AQ_PLACE_PUBLIC;
}
