/* SPDX-License-Identifier: MIT */
/*
 * A result as JSON (RFC 8259). Written here rather than with jansson because values may hold any bytes (a
 * guest's output), which jansson refuses, and because every command pays for it: a no-op has to stay below 2
 * µs.
 */
#include <string.h>

#include "command/result_data.h"

/* The length of the valid UTF-8 sequence at `bytes` (RFC 3629: no surrogates, no overlong forms), 0 if there
 * is none. */
static size_t utf8_sequence(const unsigned char *bytes, size_t left)
{
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

static void add_string(struct aq_buffer *json, const char *text, size_t length)
{
    aq_buffer_add_char(json, '"');
    const unsigned char *bytes = (const unsigned char *)text;
    size_t plain = 0; /* start of the run that is copied as it is */
    for (size_t i = 0; i < length;) {
        if (bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\') {
            i++;
            continue;
        }
        size_t sequence = bytes[i] >= 0x80 ? utf8_sequence(bytes + i, length - i) : 0;
        if (sequence != 0) {
            i += sequence;
            continue;
        }
        aq_buffer_add(json, text + plain, i - plain);
        if (bytes[i] < 0x80)
            add_escaped(json, bytes[i]);
        else
            aq_buffer_add_text(json, "\xef\xbf\xbd");
        plain = ++i;
    }
    aq_buffer_add(json, text + plain, length - plain);
    aq_buffer_add_char(json, '"');
}

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
        add_string(json, value->bytes, value->length);
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
    add_string(json, text, strlen(text));
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
