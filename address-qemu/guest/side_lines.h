/* SPDX-License-Identifier: MIT */
/* What a command says on its side channel, where that comes as bytes rather than lines. */
#ifndef AQ_GUEST_SIDE_LINES_H
#define AQ_GUEST_SIDE_LINES_H

#include "guest/channel.h"

/* Zero-initialise; aq_side_lines_free at the end. */
struct aq_side_lines {
    struct aq_buffer pending; /* of a line that is not whole yet */
    bool too_long;            /* that line: it will be dropped */
};

/* Takes bytes and hands on the lines that are whole by them; a line that is longer than one may be is
   dropped. Returns how many came to their end. */
int aq_side_lines_take(struct aq_side_lines *lines, const struct aq_guest_side *side, const char *bytes,
                       size_t length);

void aq_side_lines_free(struct aq_side_lines *lines);

#endif
