/* SPDX-License-Identifier: MIT */
/* IP addresses of both families as one type: 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
#ifndef AQ_UTIL_IP_H
#define AQ_UTIL_IP_H

#include <stdbool.h>

struct aq_ip {
    unsigned char bytes[16];
};

#define AQ_IP4_BITS 96 /* in front of an IPv4 address's own 32 */
#define AQ_IP_TEXT 46

#define AQ_IP4(a, b, c, d) ((struct aq_ip){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d)}})

/* From the four or sixteen bytes of a packet. */
struct aq_ip aq_ip_from4(const unsigned char bytes[4]);
struct aq_ip aq_ip_from6(const unsigned char bytes[16]);

/* "192.0.2.1" or "2001:db8::1", nothing else: no brackets, no scope. */
bool aq_ip_parse(const char *text, struct aq_ip *ip);

/* The same back, in `text`, which it returns. */
const char *aq_ip_text(const struct aq_ip *ip, char text[AQ_IP_TEXT]);

bool aq_ip_is4(const struct aq_ip *ip);
bool aq_ip_equal(const struct aq_ip *a, const struct aq_ip *b);

/* Are the first `bits` (0…128; AQ_IP4_BITS more for an IPv4 prefix) the same? */
bool aq_ip_within(const struct aq_ip *ip, const struct aq_ip *prefix, unsigned bits);

#endif
