/* SPDX-License-Identifier: MIT */
#include "util/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode_group(const unsigned char *from, size_t count, char *to)
{
    uint32_t bits =
        (uint32_t)from[0] << 16 | (count > 1 ? (uint32_t)from[1] << 8 : 0) | (count > 2 ? from[2] : 0);
    to[0] = digits[bits >> 18];
    to[1] = digits[bits >> 12 & 63];
    to[2] = (char)(count > 1 ? digits[bits >> 6 & 63] : '=');
    to[3] = (char)(count > 2 ? digits[bits & 63] : '=');
}

void aq_base64_encode(const void *data, size_t length, struct aq_buffer *to)
{
    const unsigned char *from = data;
    size_t size = (length + 2) / 3 * 4;
    char *text = aq_buffer_room(to, size);
    for (size_t done = 0; done < length; done += 3, text += 4)
        encode_group(from + done, length - done < 3 ? length - done : 3, text);
    aq_buffer_filled(to, size);
}

/* 255 for what is no digit. */
static void make_values(unsigned char values[256])
{
    memset(values, 255, 256);
    for (unsigned i = 0; i < 64; i++)
        values[(unsigned char)digits[i]] = (unsigned char)i;
}

bool aq_base64_decode(const char *text, size_t length, struct aq_buffer *to)
{
    unsigned char values[256];
    if (length % 4 != 0)
        return false;
    if (length == 0)
        return true;
    size_t padding = (size_t)(text[length - 1] == '=') + (text[length - 2] == '=' && text[length - 1] == '=');
    unsigned char *out = (unsigned char *)aq_buffer_room(to, length / 4 * 3);
    make_values(values);
    for (size_t i = 0; i < length; i += 4, out += 3) {
        uint32_t bits = 0;
        for (size_t j = 0; j < 4; j++) {
            bool pad = i + j >= length - padding;
            unsigned char value = pad ? 0 : values[(unsigned char)text[i + j]];
            if (value == 255)
                return false;
            bits = bits << 6 | value;
        }
        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
    }
    aq_buffer_filled(to, length / 4 * 3 - padding);
    return true;
}
