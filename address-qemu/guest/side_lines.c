/* SPDX-License-Identifier: MIT */
#include "guest/side_lines.h"

#include <string.h>

#include "guest/side.h"

int aq_side_lines_take(struct aq_side_lines *lines, const struct aq_guest_side *side, const char *bytes,
                       size_t length)
{
    struct aq_buffer *pending = &lines->pending;
    size_t start = 0;
    int ended = 0;
    const char *end;
    aq_buffer_add(pending, bytes, length);
    while (start < pending->length &&
           (end = memchr(pending->data + start, '\n', pending->length - start)) != NULL) {
        size_t whole = (size_t)(end - pending->data) - start;
        if (!lines->too_long && whole <= AQ_SIDE_MAX)
            side->said(side->data, pending->data + start, whole);
        lines->too_long = false;
        start += whole + 1;
        ended++;
    }
    pending->length -= start;
    if (start > 0)
        memmove(pending->data, pending->data + start, pending->length);
    if (pending->length > AQ_SIDE_MAX) {
        lines->too_long = true;
        aq_buffer_clear(pending);
    }
    return ended;
}

void aq_side_lines_free(struct aq_side_lines *lines)
{
    aq_buffer_free(&lines->pending);
}
