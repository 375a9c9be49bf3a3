/* SPDX-License-Identifier: MIT */
#include "guest/cksum.h"

static uint32_t table[256];

__attribute__((constructor)) static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1) ^ (crc & 0x80000000U ? 0x04C11DB7U : 0);
        table[i] = crc;
    }
}

static uint32_t step(uint32_t crc, unsigned byte)
{
    return (crc << 8) ^ table[(crc >> 24) ^ byte];
}

void aq_cksum_add(struct aq_cksum *sum, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++)
        sum->crc = step(sum->crc, bytes[i]);
    sum->length += length;
}

uint32_t aq_cksum_value(const struct aq_cksum *sum)
{
    uint32_t crc = sum->crc;
    for (uint64_t length = sum->length; length > 0; length >>= 8)
        crc = step(crc, length & 0xFF);
    return ~crc;
}
