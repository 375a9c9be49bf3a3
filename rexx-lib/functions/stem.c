/* SPDX-License-Identifier: MIT */
#include "functions/stem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "functions/value.h"
#include "pool.h"

static char *upper(const char *text, size_t length)
{
    char *copy = aq_strndup(text, length);
    for (char *c = copy; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

static bool is_symbol_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("_!?@#$", c) != NULL);
}

bool aq_stem_is(const char *name, size_t length)
{
    if (length < 2 || isdigit((unsigned char)*name) || *name == '.' || name[length - 1] != '.')
        return false;
    for (size_t i = 0; i + 1 < length; i++)
        if (!is_symbol_char(name[i]) && (name[i] != '.' || name[i + 1] == '.'))
            return false;
    return true;
}

static size_t count(const json_t *value)
{
    size_t all = 1, index;
    const char *key;
    json_t *member;
    if (json_is_array(value))
        json_array_foreach(value, index, member) all += count(member);
    else if (json_is_object(value))
        json_object_foreach((json_t *)value, key, member) all += count(member);
    return all;
}

/* Sets the variable whose name is in the buffer, and all below it; leaves the buffer as it was. */
static void set(struct aq_buffer *name, const json_t *value)
{
    size_t length = name->length, index;
    const char *key;
    json_t *member;
    if (json_is_array(value)) {
        aq_buffer_format(name, "%s0", aq_buffer_text(name)[length - 1] == '.' ? "" : ".");
        aq_autofree char *number = aq_format("%zu", json_array_size(value));
        aq_pool_set_literal(name->data, name->length, number, strlen(number));
        json_array_foreach(value, index, member)
        {
            name->length = length;
            aq_buffer_format(name, "%s%zu", name->data[length - 1] == '.' ? "" : ".", index + 1);
            set(name, member);
        }
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, member)
        {
            aq_autofree char *tail = upper(key, strlen(key));
            name->length = length;
            aq_buffer_format(name, "%s%s", name->data[length - 1] == '.' ? "" : ".", tail);
            set(name, member);
        }
    } else if (name->data[length - 1] != '.') {
        aq_autobuffer struct aq_buffer text = {0};
        aq_value_write(value, &text);
        aq_pool_set_literal(name->data, length, aq_buffer_text(&text), text.length);
    }
    name->length = length;
}

bool aq_stem_set(const char *stem, size_t length, const json_t *value)
{
    if (count(value) > AQ_STEM_VARIABLES_MAX)
        return false;
    aq_autofree char *name = upper(stem, length);
    aq_autobuffer struct aq_buffer full = {0};
    aq_buffer_add(&full, name, length);
    aq_pool_drop(name, length);
    set(&full, value);
    return true;
}

/* What a stem has, before it is known what is an array. */
struct gathering {
    const char *stem; /* in upper case */
    size_t length;
    json_t *found; /* object of tails and values */
};

static bool gather(void *data, const char *name, size_t name_length, const char *value, size_t value_length)
{
    struct gathering *gathering = data;
    if (name_length <= gathering->length || memcmp(name, gathering->stem, gathering->length) != 0)
        return true;
    aq_autofree char *tail = aq_strndup(name + gathering->length, name_length - gathering->length);
    json_object_set_new(gathering->found, tail, aq_value_of(value, value_length));
    return true;
}

/* Puts the value at its place, with objects for the parts of the tail before the last. A value that has
 * others below it gives way to them. The tree is of objects, its leaves are arrays of one: the value, which
 * may be an object itself. */
static void plant(json_t *tree, const char *tail, json_t *value)
{
    for (const char *period; (period = strchr(tail, '.')) != NULL && period[1] != '\0'; tail = period + 1) {
        aq_autofree char *part = aq_strndup(tail, (size_t)(period - tail));
        json_t *inner = json_object_get(tree, part);
        if (!json_is_object(inner)) {
            inner = json_object();
            json_object_set_new(tree, part, inner);
        }
        tree = inner;
    }
    if (!json_is_object(json_object_get(tree, tail))) {
        json_t *leaf = json_array();
        json_array_append(leaf, value);
        json_object_set_new(tree, tail, leaf);
    }
}

/* Does it have "0" and exactly the numbers up to that? */
static bool is_array(const json_t *object)
{
    const json_t *size = json_array_get(json_object_get(object, "0"), 0);
    if (!json_is_integer(size) || json_integer_value(size) < 0 ||
        (size_t)json_integer_value(size) != json_object_size(object) - 1)
        return false;
    for (json_int_t i = 1; i <= json_integer_value(size); i++) {
        aq_autofree char *place = aq_format("%lld", (long long)i);
        if (json_object_get(object, place) == NULL)
            return false;
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *shaped(const json_t *tree);

static json_t *shaped_array(const json_t *object)
{
    json_t *array = json_array();
    for (size_t i = 1; i < json_object_size(object); i++) {
        aq_autofree char *place = aq_format("%zu", i);
        json_array_append_new(array, shaped(json_object_get(object, place)));
    }
    return array;
}

/* Variables come in no order; their names put them into one. */
static json_t *shaped_object(const json_t *object)
{
    size_t size = json_object_size(object), n = 0;
    aq_autofree const char **keys = aq_alloc((size + 1) * sizeof *keys);
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)object, key, member) keys[n++] = key;
    qsort(keys, n, sizeof *keys, compare);
    json_t *made = json_object();
    for (size_t i = 0; i < n; i++) {
        aq_autofree char *name = aq_strdup(keys[i]);
        bool all_upper = true;
        for (const char *c = name; *c != '\0'; c++)
            all_upper = all_upper && !islower((unsigned char)*c);
        for (char *c = name; all_upper && *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        json_object_set_new(made, name, shaped(json_object_get(object, keys[i])));
    }
    return made;
}

/* What the tree stands for. */
static json_t *shaped(const json_t *tree)
{
    if (json_is_array(tree))
        return json_incref(json_array_get(tree, 0));
    return is_array(tree) ? shaped_array(tree) : shaped_object(tree);
}

json_t *aq_stem_get(const char *stem, size_t length)
{
    aq_autofree char *name = upper(stem, length);
    struct gathering gathering = {name, length, json_object()};
    aq_pool_each(gather, &gathering);
    json_t *made = NULL;
    if (json_object_size(gathering.found) > 0) {
        json_t *tree = json_object(), *value;
        const char *tail;
        json_object_foreach(gathering.found, tail, value) plant(tree, tail, value);
        made = shaped(tree);
        json_decref(tree);
    }
    json_decref(gathering.found);
    return made;
}
