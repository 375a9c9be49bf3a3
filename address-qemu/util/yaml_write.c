/* SPDX-License-Identifier: MIT */
#include "util/yaml.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "util/yaml_limits.h"

/* What some reader of YAML 1.1 or 1.2 takes for a boolean or for nothing. */
static bool is_reserved(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Narrower than YAML's own rule for plain scalars: text that begins like a number, a date or a sign is
 * quoted. */
static bool is_plain(const char *text, size_t length)
{
    if (length == 0 || is_reserved(text) ||
        !(isalpha((unsigned char)text[0]) || text[0] == '/' || text[0] == '_'))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned char next = (unsigned char)text[i + 1];
        bool separator = c == ' ' || c == ':';
        if (!isalnum(c) && strchr("_/.-+@%=", c) == NULL && !separator)
            return false;
        if (separator && (next == ' ' || next == '\0'))
            return false;
    }
    return true;
}

/* Decodes one character of valid UTF-8 and says how long it was. */
static uint32_t decode(const char *text, size_t *length)
{
    unsigned char first = (unsigned char)text[0];
    *length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = *length == 1 ? first : first & (0x7fU >> *length);
    for (size_t i = 1; i < *length; i++)
        c = c << 6 | ((unsigned char)text[i] & 0x3fU);
    return c;
}

/* Printable for YAML, and no line break to any reader (U+0085, U+2028 and U+2029 are to some). */
static bool is_printable(uint32_t c)
{
    return (c >= 0x20 && c < 0x7f) ||
           (c >= 0xa0 && c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff);
}

static void write_quoted(struct aq_buffer *out, const char *text, size_t length)
{
    aq_buffer_add_char(out, '"');
    for (size_t i = 0, size; i < length; i += size) {
        uint32_t c = decode(text + i, &size);
        if (c == '"' || c == '\\')
            aq_buffer_format(out, "\\%c", (int)c);
        else if (c == '\n')
            aq_buffer_add_text(out, "\\n");
        else if (c == '\t')
            aq_buffer_add_text(out, "\\t");
        else if (is_printable(c))
            aq_buffer_add(out, text + i, size);
        else
            aq_buffer_format(out, "\\u%04" PRIX32, c);
    }
    aq_buffer_add_char(out, '"');
}

static int write_text(struct aq_buffer *out, const char *text, size_t length, struct aq_error *err)
{
    if (strlen(text) != length)
        return aq_fail(err, AQ_E_RECORD_INVALID, "text with a NUL in it cannot be kept in a record");
    if (is_plain(text, length))
        aq_buffer_add(out, text, length);
    else
        write_quoted(out, text, length);
    return 0;
}

static int write_scalar(struct aq_buffer *out, const json_t *value, struct aq_error *err)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return write_text(out, json_string_value(value), json_string_length(value), err);
    case JSON_INTEGER:
        aq_buffer_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        aq_buffer_add_text(out, json_is_true(value) ? "true" : "false");
        return 0;
    case JSON_OBJECT:
    case JSON_ARRAY: /* an empty one: the others are blocks */
        aq_buffer_add_text(out, json_is_object(value) ? "{}" : "[]");
        return 0;
    case JSON_REAL:
    case JSON_NULL:
        break;
    }
    return aq_fail(err, AQ_E_RECORD_INVALID,
                   "a record holds text, integers and booleans, no fractions or nulls");
}

static bool is_block(const json_t *value)
{
    return json_object_size(value) > 0 || json_array_size(value) > 0;
}

static void indent(struct aq_buffer *out, unsigned depth)
{
    aq_buffer_format(out, "%*s", (int)(2 * depth), "");
}

static int write_block(struct aq_buffer *out, const json_t *value, unsigned depth, bool started,
                       struct aq_error *err);

static int write_mapping(struct aq_buffer *out, json_t *mapping, unsigned depth, bool started,
                         struct aq_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(mapping, key, value)
    {
        if (strlen(key) > AQ_YAML_MAX_KEY)
            return aq_fail(err, AQ_E_RECORD_INVALID, "a key of a record is longer than %d bytes",
                           AQ_YAML_MAX_KEY);
        if (!started)
            indent(out, depth);
        started = false;
        if (write_text(out, key, strlen(key), err) < 0)
            return -1;
        aq_buffer_add_text(out, is_block(value) ? ":\n" : ": ");
        if (is_block(value) ? write_block(out, value, depth + 1, false, err) : write_scalar(out, value, err))
            return -1;
        if (!is_block(value))
            aq_buffer_add_char(out, '\n');
    }
    return 0;
}

static int write_list(struct aq_buffer *out, const json_t *list, unsigned depth, bool started,
                      struct aq_error *err)
{
    size_t index;
    const json_t *value;
    json_array_foreach(list, index, value)
    {
        if (!started)
            indent(out, depth);
        started = false;
        aq_buffer_add_text(out, "- ");
        if (is_block(value) ? write_block(out, value, depth + 1, true, err) : write_scalar(out, value, err))
            return -1;
        if (!is_block(value))
            aq_buffer_add_char(out, '\n');
    }
    return 0;
}

/* `started`: the line is there already, up to where the block begins (after "- "). */
static int write_block(struct aq_buffer *out, const json_t *value, unsigned depth, bool started,
                       struct aq_error *err)
{
    if (depth >= AQ_YAML_MAX_DEPTH)
        return aq_fail(err, AQ_E_RECORD_INVALID, "a record has more than %d levels", AQ_YAML_MAX_DEPTH);
    if (json_is_array(value))
        return write_list(out, value, depth, started, err);
    return write_mapping(out, (json_t *)value, depth, started, err);
}

int aq_yaml_write(const json_t *tree, struct aq_buffer *text, struct aq_error *err)
{
    if (!json_is_object(tree))
        return aq_fail(err, AQ_E_RECORD_INVALID, "a record has to be a mapping");
    if (is_block(tree))
        return write_block(text, tree, 0, false, err);
    aq_buffer_add_text(text, "{}\n");
    return 0;
}
