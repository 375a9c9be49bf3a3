/* SPDX-License-Identifier: MIT */
#include "command/result.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/result_data.h"

static void value_set(struct value *value, enum value_kind kind, const void *bytes, size_t length)
{
    char *copy = aq_alloc(length + 1);
    if (length != 0)
        memcpy(copy, bytes, length);
    free(value->bytes);
    *value = (struct value){kind, copy, length};
}

static void value_set_int(struct value *value, int64_t number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    value_set(value, VALUE_INT, text, (size_t)length);
}

static void value_set_bool(struct value *value, bool truth)
{
    value_set(value, VALUE_BOOL, truth ? "1" : "0", 1);
}

aq_result *aq_result_new(void)
{
    return aq_alloc(sizeof(aq_result));
}

static struct value *field(aq_result *result, const char *name)
{
    for (size_t i = 0; i < result->field_count; i++)
        if (strcmp(result->fields[i].name, name) == 0)
            return &result->fields[i].value;
    if (result->field_count == result->field_capacity) {
        result->field_capacity = result->field_capacity != 0 ? result->field_capacity * 2 : 8;
        result->fields = aq_realloc(result->fields, result->field_capacity * sizeof *result->fields);
    }
    struct field *added = &result->fields[result->field_count++];
    *added = (struct field){.name = name};
    return &added->value;
}

void aq_result_set_text(aq_result *result, const char *name, const char *text)
{
    if (text != NULL)
        value_set(field(result, name), VALUE_TEXT, text, strlen(text));
}

void aq_result_set_bytes(aq_result *result, const char *name, const void *bytes, size_t length)
{
    value_set(field(result, name), VALUE_TEXT, bytes, length);
}

void aq_result_set_int(aq_result *result, const char *name, int64_t value)
{
    value_set_int(field(result, name), value);
}

void aq_result_set_bool(aq_result *result, const char *name, bool value)
{
    value_set_bool(field(result, name), value);
}

__attribute__((format(printf, 2, 0))) static void say(aq_result *result, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    struct aq_buffer *output = &result->output;
    int length = vsnprintf(aq_buffer_room(output, 255), 256, format, args);
    if (length > 255)
        vsnprintf(aq_buffer_room(output, (size_t)length), (size_t)length + 1, format, again);
    if (length > 0)
        aq_buffer_filled(output, (size_t)length);
    va_end(again);
}

void aq_result_say(aq_result *result, const char *format, ...)
{
    aq_buffer_clear(&result->output);
    va_list args;
    va_start(args, format);
    say(result, format, args);
    va_end(args);
}

void aq_result_say_more(aq_result *result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(result, format, args);
    va_end(args);
}

struct aq_table *aq_result_table(aq_result *result, const char *name)
{
    for (size_t i = 0; i < result->table_count; i++)
        if (strcmp(result->tables[i]->name, name) == 0)
            return result->tables[i];
    result->tables = aq_realloc(result->tables, (result->table_count + 1) * sizeof *result->tables);
    struct aq_table *table = aq_alloc(sizeof *table);
    table->name = name;
    result->tables[result->table_count++] = table;
    return table;
}

void aq_table_row(struct aq_table *table)
{
    if (table->row_count == table->row_capacity) {
        table->row_capacity = table->row_capacity != 0 ? table->row_capacity * 2 : 16;
        table->rows = aq_realloc(table->rows, table->row_capacity * sizeof *table->rows);
    }
    table->rows[table->row_count++] = (struct row){NULL, 0};
}

static size_t column_index(struct aq_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i], name) == 0)
            return i;
    table->columns = aq_realloc(table->columns, (table->column_count + 1) * sizeof *table->columns);
    table->columns[table->column_count] = name;
    return table->column_count++;
}

static struct value *cell(struct aq_table *table, const char *column)
{
    size_t index = column_index(table, column);
    struct row *row = &table->rows[table->row_count - 1];
    if (index >= row->count) {
        /* Rows after the first know how many cells they will have. */
        size_t count = index + 1 > table->column_count ? index + 1 : table->column_count;
        row->values = aq_realloc(row->values, count * sizeof *row->values);
        memset(row->values + row->count, 0, (count - row->count) * sizeof *row->values);
        row->count = count;
    }
    return &row->values[index];
}

void aq_table_text(struct aq_table *table, const char *column, const char *text)
{
    if (text != NULL)
        value_set(cell(table, column), VALUE_TEXT, text, strlen(text));
}

void aq_table_bytes(struct aq_table *table, const char *column, const void *bytes, size_t length)
{
    value_set(cell(table, column), VALUE_TEXT, bytes, length);
}

void aq_table_int(struct aq_table *table, const char *column, int64_t value)
{
    value_set_int(cell(table, column), value);
}

void aq_table_bool(struct aq_table *table, const char *column, bool value)
{
    value_set_bool(cell(table, column), value);
}

void aq_result_lines(aq_result *result, const char *table_name, const char *text, size_t length)
{
    struct aq_table *table = aq_result_table(result, table_name);
    const char *end = text + length;
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const char *next = stop != NULL ? stop + 1 : end;
        if (stop == NULL)
            stop = end;
        if (stop > line && stop[-1] == '\r')
            stop--;
        aq_table_row(table);
        aq_table_bytes(table, "", line, (size_t)(stop - line));
        line = next;
    }
}

void aq_result_set_operation(aq_result *result, const char *operation)
{
    free(result->operation);
    result->operation = aq_strdup(operation);
}

void aq_result_set_error(aq_result *result, const struct aq_error *err)
{
    result->code = err->code;
    free(result->error);
    result->error = aq_strdup(err->text);
}

int aq_result_rc(const aq_result *result)
{
    return (int)aq_error_rc(result->code);
}

const char *aq_result_operation(const aq_result *result)
{
    return result->operation != NULL ? result->operation : "";
}

const char *aq_result_output(const aq_result *result)
{
    return aq_buffer_text(&result->output);
}

const char *aq_result_error(const aq_result *result)
{
    return result->error != NULL ? result->error : "";
}

const char *aq_result_error_code(const aq_result *result)
{
    return aq_error_name(result->code);
}

size_t aq_result_field_count(const aq_result *result)
{
    return result->field_count;
}

const char *aq_result_field_name(const aq_result *result, size_t index)
{
    return index < result->field_count ? result->fields[index].name : NULL;
}

static const char *value_read(const struct value *value, size_t *length)
{
    if (value->kind == VALUE_UNSET)
        return NULL;
    if (length != NULL)
        *length = value->length;
    return value->bytes;
}

const char *aq_result_field_value(const aq_result *result, size_t index, size_t *length)
{
    return index < result->field_count ? value_read(&result->fields[index].value, length) : NULL;
}

const char *aq_result_field(const aq_result *result, const char *name, size_t *length)
{
    for (size_t i = 0; i < result->field_count; i++)
        if (strcmp(result->fields[i].name, name) == 0)
            return value_read(&result->fields[i].value, length);
    return NULL;
}

size_t aq_result_table_count(const aq_result *result)
{
    return result->table_count;
}

const char *aq_result_table_name(const aq_result *result, size_t table)
{
    return table < result->table_count ? result->tables[table]->name : NULL;
}

size_t aq_result_row_count(const aq_result *result, size_t table)
{
    return table < result->table_count ? result->tables[table]->row_count : 0;
}

size_t aq_result_column_count(const aq_result *result, size_t table)
{
    return table < result->table_count ? result->tables[table]->column_count : 0;
}

const char *aq_result_column_name(const aq_result *result, size_t table, size_t column)
{
    return column < aq_result_column_count(result, table) ? result->tables[table]->columns[column] : NULL;
}

const char *aq_result_cell_at(const aq_result *result, size_t table, size_t row, size_t column,
                              size_t *length)
{
    if (row >= aq_result_row_count(result, table))
        return NULL;
    const struct row *found = &result->tables[table]->rows[row];
    return column < found->count ? value_read(&found->values[column], length) : NULL;
}

const char *aq_result_cell(const aq_result *result, size_t table, size_t row, const char *column,
                           size_t *length)
{
    if (table >= result->table_count)
        return NULL;
    const struct aq_table *found = result->tables[table];
    for (size_t i = 0; i < found->column_count; i++)
        if (strcmp(found->columns[i], column) == 0)
            return aq_result_cell_at(result, table, row, i, length);
    return NULL;
}

static void table_free(struct aq_table *table)
{
    for (size_t r = 0; r < table->row_count; r++) {
        for (size_t c = 0; c < table->rows[r].count; c++)
            free(table->rows[r].values[c].bytes);
        free(table->rows[r].values);
    }
    free(table->rows);
    free(table->columns);
    free(table);
}

void aq_result_free(aq_result *result)
{
    if (result == NULL)
        return;
    for (size_t i = 0; i < result->field_count; i++)
        free(result->fields[i].value.bytes);
    for (size_t i = 0; i < result->table_count; i++)
        table_free(result->tables[i]);
    free(result->fields);
    free(result->tables);
    free(result->operation);
    free(result->error);
    aq_buffer_free(&result->output);
    aq_buffer_free(&result->json);
    free(result);
}
