/* SPDX-License-Identifier: MIT */
/* Values written as JSON, as JSON.stringify of JavaScript does: real numbers with as few digits as tell them
 * from their neighbours, which jansson's own writer has no way to do. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions/value.h"
#include "util/utf8.h"

static void write_value(const json_t *value, unsigned indent, unsigned level, struct aq_buffer *to);

static void write_real(double value, struct aq_buffer *to)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    aq_buffer_add_text(to, text);
}

static void new_line(unsigned indent, unsigned level, struct aq_buffer *to)
{
    if (indent == 0)
        return;
    aq_buffer_add_char(to, '\n');
    for (unsigned i = 0; i < indent * level; i++)
        aq_buffer_add_char(to, ' ');
}

static void write_array(const json_t *array, unsigned indent, unsigned level, struct aq_buffer *to)
{
    size_t index;
    json_t *member;
    aq_buffer_add_char(to, '[');
    json_array_foreach(array, index, member)
    {
        aq_buffer_add_text(to, index > 0 ? "," : "");
        new_line(indent, level + 1, to);
        write_value(member, indent, level + 1, to);
    }
    if (json_array_size(array) > 0)
        new_line(indent, level, to);
    aq_buffer_add_char(to, ']');
}

static void write_object(const json_t *object, unsigned indent, unsigned level, struct aq_buffer *to)
{
    const char *key;
    json_t *member;
    bool first = true;
    aq_buffer_add_char(to, '{');
    json_object_foreach((json_t *)object, key, member)
    {
        aq_buffer_add_text(to, first ? "" : ",");
        first = false;
        new_line(indent, level + 1, to);
        aq_utf8_quote(key, strlen(key), to);
        aq_buffer_add_text(to, indent > 0 ? ": " : ":");
        write_value(member, indent, level + 1, to);
    }
    if (!first)
        new_line(indent, level, to);
    aq_buffer_add_char(to, '}');
}

static void write_value(const json_t *value, unsigned indent, unsigned level, struct aq_buffer *to)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(value, indent, level, to);
        break;
    case JSON_ARRAY:
        write_array(value, indent, level, to);
        break;
    case JSON_STRING:
        aq_utf8_quote(json_string_value(value), json_string_length(value), to);
        break;
    case JSON_INTEGER:
        aq_buffer_format(to, "%" PRId64, (int64_t)json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(json_real_value(value), to);
        break;
    default:
        aq_buffer_add_text(to, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
        break;
    }
}

void aq_value_write_json(const json_t *value, unsigned indent, struct aq_buffer *to)
{
    write_value(value, indent, 0, to);
}
