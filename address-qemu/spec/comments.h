/* SPDX-License-Identifier: MIT */
/* The comments of a REXX source, told apart from what only looks like one inside a string. */
#ifndef AQ_SPEC_COMMENTS_H
#define AQ_SPEC_COMMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* A walk over a source. Start with at = start of the text and line = 1. */
struct aq_comment_walk {
    const char *at, *end;
    int line;
};

/* Finds the next block comment that begins on line `last_line` or before: its inside (between the outermost
   marks; comments nest) and the line it begins on. Comments to the end of a line (--) are stepped over, and
   strings. False when there is none, or it is never closed. */
bool aq_next_comment(struct aq_comment_walk *walk, int last_line, const char **inside, size_t *length,
                     int *line);

#endif
