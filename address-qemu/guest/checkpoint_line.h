/* SPDX-License-Identifier: MIT */
/*
 * CHECKPOINT on the side channel (guest/side.h): a line each way.
 *
 *   to the host   checkpoint ID STAGE CURRENT TOTAL TEXT
 *   to the guest  ID ANSWER
 *
 * Fields are separated by a tab. Bytes that would be mistaken (control characters and %) are written %XX, so
 * that any bytes arrive as they were. ID tells an answer from a late one to something else: at most
 * AQ_CHECKPOINT_ID - 1 of letters, digits, dots and dashes. ANSWER is continue, abort, or pause: the host is
 * there and has not decided yet, which is repeated while it lasts. Both ends are built from this file; it
 * needs nothing but the C library.
 */
#ifndef AQ_GUEST_CHECKPOINT_LINE_H
#define AQ_GUEST_CHECKPOINT_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "address-qemu/address-qemu.h"
#include "guest/side.h"

#define AQ_CHECKPOINT_ID 33

/* How often the host repeats that it has not decided, and how long a guest without a socket waits for a word
   before it takes the host for gone. */
#define AQ_CHECKPOINT_BEAT_MS 5000
#define AQ_CHECKPOINT_SILENCE_MS 120000

enum aq_checkpoint_field {
    AQ_CHECKPOINT_STAGE,
    AQ_CHECKPOINT_CURRENT,
    AQ_CHECKPOINT_TOTAL,
    AQ_CHECKPOINT_TEXT,
    AQ_CHECKPOINT_VALUES
};

/* What one says. The values are followed by a NUL that is not counted. */
struct aq_checkpoint_line {
    char id[AQ_CHECKPOINT_ID];
    const char *values[AQ_CHECKPOINT_VALUES];
    size_t lengths[AQ_CHECKPOINT_VALUES];
    char bytes[AQ_SIDE_MAX + AQ_CHECKPOINT_VALUES]; /* where the values of a line that was read are */
};

/* Writes it without a line feed and returns the line's length. What does not fit is cut off the values, the
   text's end first. */
size_t aq_checkpoint_write(const struct aq_checkpoint_line *line, char to[AQ_SIDE_MAX]);

/* Reads one; false if it is none. */
bool aq_checkpoint_read(const char *from, size_t length, struct aq_checkpoint_line *line);

/* The same for answers; one of CONTINUE, PAUSE and ABORT. */
size_t aq_checkpoint_write_answer(const char *id, enum aq_checkpoint_answer answer, char to[AQ_SIDE_MAX]);
bool aq_checkpoint_read_answer(const char *from, size_t length, char id[AQ_CHECKPOINT_ID],
                               enum aq_checkpoint_answer *answer);

/* "continue", "pause", "abort". */
const char *aq_checkpoint_answer_name(enum aq_checkpoint_answer answer);

/* By its name, in any case; false if that is none of the three. */
bool aq_checkpoint_answer_find(const char *name, size_t length, enum aq_checkpoint_answer *answer);

#endif
