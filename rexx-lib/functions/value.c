/* SPDX-License-Identifier: MIT */
#include "functions/value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/utf8.h"

bool aq_value_looks_like_object(const char *text, size_t length)
{
    return length >= 3 && text[0] == ' ' && (text[1] == '{' || text[1] == '[');
}

static bool too_deep(const json_t *value, int levels)
{
    size_t index;
    const char *key;
    json_t *member;
    if (levels == 0)
        return true;
    if (json_is_array(value)) {
        json_array_foreach(value, index, member) if (too_deep(member, levels - 1)) return true;
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, member) if (too_deep(member, levels - 1)) return true;
    }
    return false;
}

static json_t *load(const char *text, size_t length, json_error_t *error)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *value = json_loadb(text, length, flags, error);
    if (value == NULL && json_error_code(error) == json_error_numeric_overflow)
        value = json_loadb(text, length, flags | JSON_DECODE_INT_AS_REAL, error);
    return value;
}

json_t *aq_value_parse(const char *text, size_t length, char *problem, size_t problem_size)
{
    json_error_t error;
    if (length > AQ_VALUE_MAX) {
        snprintf(problem, problem_size, "it has %zu bytes, which is more than %zu MiB", length,
                 AQ_VALUE_MAX >> 20);
        return NULL;
    }
    json_t *value = load(text, length, &error);
    if (value == NULL)
        snprintf(problem, problem_size, "line %d, column %d: %s", error.line, error.column, error.text);
    else if (too_deep(value, AQ_VALUE_DEPTH_MAX)) {
        snprintf(problem, problem_size, "it is nested more than %d levels deep", AQ_VALUE_DEPTH_MAX);
        json_decref(value);
        value = NULL;
    }
    return value;
}

/* What was read last: a loop asks for the same object's members again and again. */
static struct remembered {
    char *text;
    size_t length;
    json_t *value;
} memory[4];
static unsigned next_place;

static json_t *recall(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        if (memory[i].text != NULL && memory[i].length == length && memcmp(memory[i].text, text, length) == 0)
            return memory[i].value;
    return NULL;
}

static void remember(const char *text, size_t length, json_t *value)
{
    struct remembered *place = &memory[next_place++ % (sizeof memory / sizeof *memory)];
    free(place->text);
    json_decref(place->value);
    *place = (struct remembered){aq_strndup(text, length), length, json_incref(value)};
}

json_t *aq_value_object(const char *text, size_t length)
{
    if (!aq_value_looks_like_object(text, length))
        return NULL;
    json_t *value = recall(text, length);
    if (value != NULL)
        return json_incref(value);
    char problem[256];
    value = aq_value_parse(text, length, problem, sizeof problem);
    if (value != NULL)
        remember(text, length, value);
    return value;
}

json_t *aq_value_string(const char *text, size_t length)
{
    json_t *value = json_stringn(text, length);
    if (value != NULL)
        return value;
    aq_autobuffer struct aq_buffer mended = {0};
    aq_utf8_mend(text, length, &mended);
    return json_stringn(mended.data, mended.length);
}

/* The number that JSON writes just so; else NULL. */
static json_t *number(const char *text, size_t length)
{
    json_error_t error;
    if (length == 0 || length > 30 || (!isdigit((unsigned char)text[0]) && text[0] != '-'))
        return NULL;
    json_t *value = load(text, length, &error);
    aq_autobuffer struct aq_buffer again = {0};
    if (json_is_number(value)) {
        aq_value_write_json(value, 0, &again);
        if (again.length == length && memcmp(again.data, text, length) == 0)
            return value;
    }
    json_decref(value);
    return NULL;
}

json_t *aq_value_of(const char *text, size_t length)
{
    json_t *value = aq_value_object(text, length);
    if (value == NULL)
        value = number(text, length);
    return value != NULL ? value : aq_value_string(text, length);
}

void aq_value_write(const json_t *value, struct aq_buffer *to)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        aq_buffer_add_char(to, ' ');
        aq_value_write_json(value, 0, to);
        break;
    case JSON_STRING:
        aq_buffer_add(to, json_string_value(value), json_string_length(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        aq_buffer_add_char(to, json_is_true(value) ? '1' : '0');
        break;
    case JSON_NULL:
        break;
    default:
        aq_value_write_json(value, 0, to);
        break;
    }
}

/* The same letters in any case, underscores aside. */
static bool is_like(const char *key, const char *name)
{
    for (;; key++, name++) {
        key += strspn(key, "_");
        name += strspn(name, "_");
        if (strncasecmp(key, name, 1) != 0)
            return false;
        if (*key == '\0')
            return true;
    }
}

json_t *aq_value_member(const json_t *object, const char *name, size_t length)
{
    aq_autofree char *exact = aq_strndup(name, length);
    json_t *member = json_object_get(object, exact), *like = NULL;
    const char *key;
    if (member != NULL)
        return member;
    json_object_foreach((json_t *)object, key, member)
    {
        if (strcasecmp(key, exact) == 0)
            return member;
        if (like == NULL && is_like(key, exact))
            like = member;
    }
    return like;
}
