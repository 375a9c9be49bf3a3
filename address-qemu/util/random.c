/* SPDX-License-Identifier: MIT */
#include "util/random.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>

#include "util/memory.h"

void aq_random_bytes(void *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = getrandom((char *)data + done, length - done, 0);
        if (got > 0)
            done += (size_t)got;
        else if (got < 0 && errno != EINTR)
            aq_panic("the kernel gives no random numbers");
    }
}

const char *aq_random_uuid(char text[AQ_UUID_TEXT])
{
    unsigned char b[16];
    aq_random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    snprintf(text, AQ_UUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return text;
}

const char *aq_random_name(char *text, size_t length)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i + 1 < length; i++) {
        unsigned among = i == 0 ? 26 : 36;
        unsigned char byte;
        do /* a byte past the last whole multiple would favour the first letters */
            aq_random_bytes(&byte, 1);
        while (byte >= 256 / among * among);
        text[i] = alphabet[byte % among];
    }
    text[length - 1] = '\0';
    return text;
}
