/* SPDX-License-Identifier: MIT */
#include "util/ip.h"

#include <arpa/inet.h>
#include <string.h>

struct aq_ip aq_ip_from4(const unsigned char bytes[4])
{
    return AQ_IP4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

struct aq_ip aq_ip_from6(const unsigned char bytes[16])
{
    struct aq_ip ip;
    memcpy(ip.bytes, bytes, sizeof ip.bytes);
    return ip;
}

bool aq_ip_parse(const char *text, struct aq_ip *ip)
{
    unsigned char four[4];
    if (inet_pton(AF_INET, text, four) == 1) {
        *ip = aq_ip_from4(four);
        return true;
    }
    return inet_pton(AF_INET6, text, ip->bytes) == 1;
}

const char *aq_ip_text(const struct aq_ip *ip, char text[AQ_IP_TEXT])
{
    if (aq_ip_is4(ip))
        inet_ntop(AF_INET, ip->bytes + 12, text, AQ_IP_TEXT);
    else
        inet_ntop(AF_INET6, ip->bytes, text, AQ_IP_TEXT);
    return text;
}

bool aq_ip_is4(const struct aq_ip *ip)
{
    return aq_ip_within(ip, &AQ_IP4(0, 0, 0, 0), AQ_IP4_BITS);
}

bool aq_ip_equal(const struct aq_ip *a, const struct aq_ip *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool aq_ip_within(const struct aq_ip *ip, const struct aq_ip *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(ip->bytes, prefix->bytes, whole) != 0)
        return false;
    return rest == 0 || ((ip->bytes[whole] ^ prefix->bytes[whole]) & (0xff00 >> rest) & 0xff) == 0;
}
