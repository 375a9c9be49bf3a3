/* SPDX-License-Identifier: MIT */
/* What a script has said by CHECKPOINT, to become rows of the result: the latest of it, within limits. */
#ifndef AQ_VERBS_CHECKPOINT_ROWS_H
#define AQ_VERBS_CHECKPOINT_ROWS_H

#include "command/verb.h"
#include "guest/checkpoint_line.h"

struct aq_checkpoint_row;

/* Zero-initialise. */
struct aq_checkpoint_rows {
    struct aq_checkpoint_row *rows; /* a ring */
    size_t first, count;
    size_t bytes;
    uint64_t said; /* in all */
    const char *last_answer;
};

void aq_checkpoint_rows_add(struct aq_checkpoint_rows *rows, const struct aq_checkpoint_line *line,
                            int64_t milliseconds);

/* What the latest was told. */
void aq_checkpoint_rows_answered(struct aq_checkpoint_rows *rows, enum aq_checkpoint_answer answer);

/* Sets the fields of AQ_CHECKPOINT_FIELDS. */
void aq_checkpoint_rows_publish(const struct aq_checkpoint_rows *rows, aq_result *result);

void aq_checkpoint_rows_free(struct aq_checkpoint_rows *rows);

#endif
