/* SPDX-License-Identifier: MIT */
/* How a result is kept: shared by the two files that fill and print it, of no concern to anybody else. */
#ifndef AQ_COMMAND_RESULT_DATA_H
#define AQ_COMMAND_RESULT_DATA_H

#include "command/result.h"
#include "util/memory.h"

enum value_kind { VALUE_UNSET, VALUE_TEXT, VALUE_INT, VALUE_BOOL };

struct value {
    enum value_kind kind;
    char *bytes; /* what REXX sees; NUL-terminated beyond its length */
    size_t length;
};

struct field {
    const char *name;
    struct value value;
};

struct row {
    struct value *values; /* by column; may be shorter than the table has columns by now */
    size_t count;
};

struct aq_table {
    const char *name;
    const char **columns;
    size_t column_count;
    struct row *rows;
    size_t row_count, row_capacity;
};

struct aq_result {
    enum aq_error_code code;
    char *operation;
    char *error;
    struct aq_buffer output;
    struct aq_buffer json; /* made when first asked for */
    struct field *fields;
    size_t field_count, field_capacity;
    struct aq_table **tables;
    size_t table_count;
};

#endif
