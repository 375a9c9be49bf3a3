/* SPDX-License-Identifier: MIT */
/* Numbers of packets: in network order, at any alignment. */
#ifndef AQ_GATEWAY_BYTES_H
#define AQ_GATEWAY_BYTES_H

#include <stdint.h>

static inline uint16_t aq_get16(const unsigned char *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t aq_get32(const unsigned char *at)
{
    return (uint32_t)aq_get16(at) << 16 | aq_get16(at + 2);
}

static inline void aq_put16(unsigned char *at, uint16_t value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static inline void aq_put32(unsigned char *at, uint32_t value)
{
    aq_put16(at, (uint16_t)(value >> 16));
    aq_put16(at + 2, (uint16_t)value);
}

#endif
