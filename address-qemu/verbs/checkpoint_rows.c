/* SPDX-License-Identifier: MIT */
#include "verbs/checkpoint_rows.h"

#include <string.h>

#include "verbs/checkpoints.h"

enum { BYTES_MAX = 8 << 20 }; /* of all values together */

/* The values lie one after another in `bytes`. */
struct aq_checkpoint_row {
    size_t lengths[AQ_CHECKPOINT_VALUES];
    char *bytes;
    size_t length;
    int64_t milliseconds;
    const char *answer; /* NULL: it was never answered */
};

static struct aq_checkpoint_row *row_at(const struct aq_checkpoint_rows *rows, size_t n)
{
    return &rows->rows[(rows->first + n) % AQ_CHECKPOINT_ROWS];
}

static void drop_first(struct aq_checkpoint_rows *rows)
{
    struct aq_checkpoint_row *row = row_at(rows, 0);
    rows->bytes -= row->length;
    free(row->bytes);
    *row = (struct aq_checkpoint_row){0};
    rows->first = (rows->first + 1) % AQ_CHECKPOINT_ROWS;
    rows->count--;
}

void aq_checkpoint_rows_add(struct aq_checkpoint_rows *rows, const struct aq_checkpoint_line *line,
                            int64_t milliseconds)
{
    if (rows->rows == NULL)
        rows->rows = aq_alloc(AQ_CHECKPOINT_ROWS * sizeof *rows->rows);
    if (rows->count == AQ_CHECKPOINT_ROWS)
        drop_first(rows);
    struct aq_checkpoint_row *row = row_at(rows, rows->count++);
    aq_autobuffer struct aq_buffer bytes = {0};
    for (unsigned i = 0; i < AQ_CHECKPOINT_VALUES; i++) {
        aq_buffer_add(&bytes, line->values[i], line->lengths[i]);
        row->lengths[i] = line->lengths[i];
    }
    row->length = bytes.length;
    row->bytes = bytes.length > 0 ? aq_steal_ptr(&bytes.data) : NULL;
    row->milliseconds = milliseconds;
    rows->bytes += row->length;
    rows->said++;
    while (rows->bytes > BYTES_MAX)
        drop_first(rows);
}

void aq_checkpoint_rows_answered(struct aq_checkpoint_rows *rows, enum aq_checkpoint_answer answer)
{
    rows->last_answer = aq_checkpoint_answer_name(answer);
    if (rows->count > 0)
        row_at(rows, rows->count - 1)->answer = rows->last_answer;
}

void aq_checkpoint_rows_publish(const struct aq_checkpoint_rows *rows, aq_result *result)
{
    static const char *const columns[] = {"STAGE", "CURRENT", "TOTAL", "TEXT"};
    struct aq_table *table = aq_result_table(result, "CHECKPOINTS");
    aq_result_set_int(result, "CHECKPOINT_COUNT", (int64_t)rows->said);
    aq_result_set_text(result, "CHECKPOINT_ACTION", rows->last_answer);
    for (size_t n = 0; n < rows->count; n++) {
        const struct aq_checkpoint_row *row = row_at(rows, n);
        const char *value = row->bytes != NULL ? row->bytes : "";
        aq_table_row(table);
        for (unsigned i = 0; i < AQ_CHECKPOINT_VALUES; i++) {
            aq_table_bytes(table, columns[i], value, row->lengths[i]);
            value += row->lengths[i];
        }
        aq_table_text(table, "ACTION", row->answer);
        aq_table_int(table, "MS", row->milliseconds);
    }
}

void aq_checkpoint_rows_free(struct aq_checkpoint_rows *rows)
{
    while (rows->count > 0)
        drop_first(rows);
    free(rows->rows);
    *rows = (struct aq_checkpoint_rows){0};
}
