/* SPDX-License-Identifier: MIT */
/* Frames as a guest's card sends them, made by hand: another opinion than gateway/build.c. */
#ifndef AQ_TEST_FRAMES_H
#define AQ_TEST_FRAMES_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "util/ip.h"

#define GUEST_MAC "\x52\x54\x00\xaa\xbb\xcc"
#define HOST_MAC "\x52\x55\x0a\x00\x02\x02"
#define GUEST_IP "10.0.2.15"
#define GUEST_IP6 "fec0::5054:ff:feaa:bbcc"

struct frame {
    size_t length;
    unsigned char bytes[66000];
};

static inline void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static inline unsigned get16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* RFC 1071, over two runs. */
static inline unsigned sum16(const unsigned char *a, size_t a_length, const unsigned char *b, size_t b_length)
{
    unsigned long sum = 0;
    for (size_t i = 0; i < a_length; i++)
        sum += i % 2 == 0 ? (unsigned long)a[i] << 8 : a[i];
    for (size_t i = 0; i < b_length; i++)
        sum += i % 2 == 0 ? (unsigned long)b[i] << 8 : b[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (unsigned)sum;
}

static inline size_t ip_header(const struct frame *frame)
{
    return frame->bytes[12] == 0x86 ? 40 : 20;
}

static inline unsigned char *transport_of(struct frame *frame)
{
    return frame->bytes + 14 + ip_header(frame);
}

/* What the transport's checksum comes to, its own field included: 0 when that is right. */
static inline unsigned transport_sum(const struct frame *frame)
{
    bool six = frame->bytes[12] == 0x86;
    const unsigned char *ip = frame->bytes + 14;
    size_t header = ip_header(frame), length = frame->length - 14 - header;
    unsigned char pseudo[40] = {0};
    size_t addresses = six ? 32 : 8;
    memcpy(pseudo, ip + (six ? 8 : 12), addresses);
    put16(pseudo + addresses + 2, (unsigned)length);
    pseudo[addresses + 5] = six ? ip[6] : ip[9];
    return ~sum16(pseudo, addresses + 6, ip + header, length) & 0xffff;
}

/* Fills the checksums in, after whatever was changed. */
static inline void seal(struct frame *frame)
{
    bool six = frame->bytes[12] == 0x86;
    unsigned char *ip = frame->bytes + 14, *transport = transport_of(frame);
    unsigned protocol = six ? ip[6] : ip[9];
    size_t at = protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
    if (!six) {
        put16(ip + 10, 0);
        put16(ip + 10, ~sum16(ip, 20, NULL, 0) & 0xffff);
    }
    put16(transport + at, 0);
    unsigned sum = protocol == IPPROTO_ICMP ? ~sum16(transport, frame->length - 34, NULL, 0) & 0xffff
                                            : transport_sum(frame);
    put16(transport + at, sum);
}

static inline struct frame ip_frame(const char *from, const char *to, unsigned protocol, size_t length)
{
    struct frame frame = {0};
    bool six = strchr(to, ':') != NULL;
    unsigned char *ip = frame.bytes + 14;
    memcpy(frame.bytes, HOST_MAC GUEST_MAC, 12);
    put16(frame.bytes + 12, six ? 0x86dd : 0x0800);
    if (six) {
        ip[0] = 0x60;
        put16(ip + 4, (unsigned)length);
        ip[6] = (unsigned char)protocol;
        ip[7] = 64;
        inet_pton(AF_INET6, from, ip + 8);
        inet_pton(AF_INET6, to, ip + 24);
    } else {
        ip[0] = 0x45;
        put16(ip + 2, (unsigned)(20 + length));
        ip[8] = 64;
        ip[9] = (unsigned char)protocol;
        inet_pton(AF_INET, from, ip + 12);
        inet_pton(AF_INET, to, ip + 16);
    }
    frame.length = 14 + (six ? 40 : 20) + length;
    return frame;
}

static inline struct frame tcp_frame(const char *from, unsigned from_port, const char *to, unsigned to_port,
                                     unsigned flags)
{
    struct frame frame = ip_frame(from, to, IPPROTO_TCP, 20);
    unsigned char *tcp = transport_of(&frame);
    put16(tcp, from_port);
    put16(tcp + 2, to_port);
    put16(tcp + 6, 1000); /* its sequence number */
    tcp[12] = 0x50;
    tcp[13] = (unsigned char)flags;
    put16(tcp + 14, 65535);
    seal(&frame);
    return frame;
}

static inline struct frame udp_frame(const char *from, unsigned from_port, const char *to, unsigned to_port,
                                     const void *payload, size_t length)
{
    struct frame frame = ip_frame(from, to, IPPROTO_UDP, 8 + length);
    unsigned char *udp = transport_of(&frame);
    put16(udp, from_port);
    put16(udp + 2, to_port);
    put16(udp + 4, (unsigned)(8 + length));
    memcpy(udp + 8, payload, length);
    seal(&frame);
    return frame;
}

static inline struct frame icmp_frame(const char *from, const char *to, unsigned type)
{
    bool six = strchr(to, ':') != NULL;
    struct frame frame = ip_frame(from, to, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 16);
    transport_of(&frame)[0] = (unsigned char)type;
    seal(&frame);
    return frame;
}

static inline struct frame arp_frame(const char *sender, const char *target)
{
    struct frame frame = {.length = 42};
    memcpy(frame.bytes,
           "\xff\xff\xff\xff\xff\xff" GUEST_MAC "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" GUEST_MAC, 28);
    inet_pton(AF_INET, sender, frame.bytes + 28);
    inet_pton(AF_INET, target, frame.bytes + 38);
    return frame;
}

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

#endif
