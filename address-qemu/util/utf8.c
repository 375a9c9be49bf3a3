/* SPDX-License-Identifier: MIT */
#include "util/utf8.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

size_t aq_utf8_length(const char *at, size_t left)
{
    const unsigned char *bytes = (const unsigned char *)at;
    unsigned char lead = bytes[0];
    size_t length = lead < 0x80                   ? 1
                    : lead >= 0xc2 && lead < 0xe0 ? 2
                    : (lead & 0xf0) == 0xe0       ? 3
                    : lead >= 0xf0 && lead < 0xf5 ? 4
                                                  : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (lead == 0xe0 && bytes[1] < 0xa0) || (lead == 0xf0 && bytes[1] < 0x90);
    bool out_of_range = (lead == 0xed && bytes[1] > 0x9f) || (lead == 0xf4 && bytes[1] > 0x8f);
    return overlong || out_of_range ? 0 : length;
}

bool aq_utf8_valid(const char *text, size_t length)
{
    for (size_t i = 0, taken; i < length; i += taken)
        if ((taken = aq_utf8_length(text + i, length - i)) == 0)
            return false;
    return true;
}

void aq_utf8_mend(const char *text, size_t length, struct aq_buffer *to)
{
    for (size_t i = 0, taken; i<length; i += taken> 0 ? taken : 1) {
        taken = aq_utf8_length(text + i, length - i);
        if (taken > 0)
            aq_buffer_add(to, text + i, taken);
        else
            aq_buffer_add_text(to, REPLACEMENT);
    }
}

static void add_escaped(struct aq_buffer *json, unsigned char c)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = shorts; *pair != '\0'; pair += 2) {
        if ((unsigned char)*pair == c) {
            const char escape[2] = {'\\', pair[1]};
            aq_buffer_add(json, escape, 2);
            return;
        }
    }
    aq_buffer_format(json, "\\u%04x", c);
}

void aq_utf8_quote(const char *text, size_t length, struct aq_buffer *to)
{
    aq_buffer_add_char(to, '"');
    size_t plain = 0; /* start of the run that is copied as it is */
    for (size_t i = 0; i < length;) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
            i++;
            continue;
        }
        size_t sequence = byte >= 0x80 ? aq_utf8_length(text + i, length - i) : 0;
        if (sequence != 0) {
            i += sequence;
            continue;
        }
        aq_buffer_add(to, text + plain, i - plain);
        if (byte < 0x80)
            add_escaped(to, byte);
        else
            aq_buffer_add_text(to, REPLACEMENT);
        plain = ++i;
    }
    aq_buffer_add(to, text + plain, length - plain);
    aq_buffer_add_char(to, '"');
}
