/* SPDX-License-Identifier: MIT */
/*
 * A result as JSON (RFC 8259). Written here rather than with jansson because values may hold any bytes (a
 * guest's output), which jansson refuses, and because every command pays for it: a no-op has to stay below 2
 * µs.
 */
#include <string.h>

#include "command/result_data.h"
#include "util/utf8.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* A member's name; fields are upper case and JSON wants lower. The first member gets no comma. */
static void add_name(struct aq_buffer *json, const char *name)
{
    char *at = aq_buffer_room(json, strlen(name) + strlen(",\"\":"));
    if (at[-1] != '{')
        *at++ = ',';
    *at++ = '"';
    for (; *name != '\0'; name++)
        *at++ = lower(*name);
    *at++ = '"';
    *at++ = ':';
    json->length = (size_t)(at - json->data);
}

static void add_value(struct aq_buffer *json, const struct value *value)
{
    switch (value->kind) {
    case VALUE_INT:
        aq_buffer_add(json, value->bytes, value->length);
        break;
    case VALUE_BOOL:
        aq_buffer_add_text(json, value->bytes[0] == '1' ? "true" : "false");
        break;
    case VALUE_TEXT:
        aq_utf8_quote(value->bytes, value->length, json);
        break;
    case VALUE_UNSET:
        aq_buffer_add_text(json, "null");
        break;
    }
}

static void add_row(struct aq_buffer *json, const struct aq_table *table, const struct row *row)
{
    if (table->column_count == 1 && table->columns[0][0] == '\0') {
        add_value(json, &row->values[0]);
        return;
    }
    aq_buffer_add_char(json, '{');
    for (size_t i = 0; i < row->count; i++) {
        if (row->values[i].kind == VALUE_UNSET)
            continue;
        add_name(json, table->columns[i]);
        add_value(json, &row->values[i]);
    }
    aq_buffer_add_char(json, '}');
}

static void add_table(struct aq_buffer *json, const struct aq_table *table)
{
    add_name(json, table->name);
    aq_buffer_add_char(json, '[');
    for (size_t i = 0; i < table->row_count; i++) {
        if (i != 0)
            aq_buffer_add_char(json, ',');
        add_row(json, table, &table->rows[i]);
    }
    aq_buffer_add_char(json, ']');
}

static void add_text_member(struct aq_buffer *json, const char *name, const char *text)
{
    add_name(json, name);
    aq_utf8_quote(text, strlen(text), json);
}

static void make_json(struct aq_result *result)
{
    struct aq_buffer *json = &result->json;
    aq_buffer_room(json, 512); /* most need no more */
    aq_buffer_add_char(json, '{');
    add_name(json, "success");
    aq_buffer_add_text(json, result->code == AQ_OK ? "true" : "false");
    add_name(json, "rc");
    if (result->code == AQ_OK) /* printf would be a twentieth of a no-op */
        aq_buffer_add_char(json, '0');
    else
        aq_buffer_format(json, "%d", aq_result_rc(result));
    add_text_member(json, "operation", aq_result_operation(result));
    add_text_member(json, "output", aq_result_output(result));
    add_text_member(json, "error", aq_result_error(result));
    add_text_member(json, "error_code", aq_result_error_code(result));
    for (size_t i = 0; i < result->field_count; i++) {
        add_name(json, result->fields[i].name);
        add_value(json, &result->fields[i].value);
    }
    for (size_t i = 0; i < result->table_count; i++)
        add_table(json, result->tables[i]);
    aq_buffer_add_char(json, '}');
}

const char *aq_result_json(const aq_result *result, size_t *length)
{
    /* Made once and kept: a cache, so the result is unchanged as far as anybody can see. */
    struct aq_result *cache = (struct aq_result *)result;
    if (cache->json.length == 0)
        make_json(cache);
    if (length != NULL)
        *length = cache->json.length;
    return cache->json.data;
}
