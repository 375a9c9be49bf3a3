/* SPDX-License-Identifier: MIT */
#include "functions/path.h"

#include <stdlib.h>
#include <string.h>

#include "functions/value.h"
#include "pool.h"

/* The names between the periods, one at a time. */
struct walk {
    const char *at, *end; /* the next name; NULL behind the last */
};

static bool next_name(struct walk *walk, const char **name, size_t *length)
{
    if (walk->at == NULL)
        return false;
    const char *period = memchr(walk->at, '.', (size_t)(walk->end - walk->at));
    *name = walk->at;
    *length = (size_t)((period != NULL ? period : walk->end) - walk->at);
    walk->at = period != NULL ? period + 1 : NULL;
    return true;
}

/* The variable's object, and what is left of the name behind it; NULL if it holds none. A new reference. */
static json_t *root(const char *name, size_t length, struct walk *rest)
{
    const char *period = memchr(name, '.', length);
    if (period == NULL || period + 1 == name + length)
        return NULL;
    aq_autobuffer struct aq_buffer text = {0};
    if (!aq_pool_fetch(name, (size_t)(period - name), &text))
        return NULL;
    *rest = (struct walk){period + 1, name + length};
    return aq_value_object(aq_buffer_text(&text), text.length);
}

/* A place in an array, from 1; 0 if that is no number of one. */
static size_t place_of(const char *name, size_t length)
{
    size_t place = 0;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9' || place > AQ_VALUE_MAX)
            return 0;
        place = place * 10 + (size_t)(name[i] - '0');
    }
    return place;
}

static bool is_length(const char *name, size_t length)
{
    return (length == 1 && *name == '0') || (length == 6 && strncasecmp(name, "length", 6) == 0);
}

/* A new reference, or NULL. */
static json_t *member(const json_t *value, const char *name, size_t length)
{
    if (json_is_object(value))
        return json_incref(aq_value_member(value, name, length));
    if (!json_is_array(value))
        return NULL;
    if (is_length(name, length))
        return json_integer((json_int_t)json_array_size(value));
    size_t place = place_of(name, length);
    return place > 0 ? json_incref(json_array_get(value, place - 1)) : NULL;
}

/* The same, also for the value of the variable of that name. */
static json_t *member_or_indirect(const json_t *value, const char *name, size_t length)
{
    json_t *found = member(value, name, length);
    aq_autobuffer struct aq_buffer other = {0};
    if (found == NULL && aq_pool_fetch(name, length, &other))
        found = member(value, aq_buffer_text(&other), other.length);
    return found;
}

static json_t *follow(const json_t *from, struct walk *walk)
{
    const char *name;
    size_t length;
    json_t *value = json_incref((json_t *)from);
    while (value != NULL && next_name(walk, &name, &length)) {
        json_t *inner = member_or_indirect(value, name, length);
        json_decref(value);
        value = inner;
    }
    return value;
}

json_t *aq_path_walk(const json_t *value, const char *names, size_t length)
{
    struct walk walk = {names, names + length};
    return follow(value, &walk);
}

bool aq_path_is_action(const char *names, size_t length, const char *value, size_t value_length)
{
    static const char *const words[] = {"continue", "pause", "abort"};
    if (length != strlen("action") || strncasecmp(names, "action", length) != 0)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value_length == strlen(words[i]) && memcmp(value, words[i], value_length) == 0)
            return true;
    return false;
}

static bool read_action(const char *name, size_t length, struct aq_buffer *to)
{
    const char *period = memchr(name, '.', length);
    aq_autobuffer struct aq_buffer value = {0};
    if (period == NULL || !aq_pool_fetch(name, (size_t)(period - name), &value) ||
        !aq_path_is_action(period + 1, (size_t)(name + length - period) - 1, value.data, value.length))
        return false;
    aq_buffer_add(to, value.data, value.length);
    return true;
}

bool aq_path_read(const char *name, size_t length, struct aq_buffer *to)
{
    struct walk walk;
    json_t *object = root(name, length, &walk);
    json_t *value = object != NULL ? follow(object, &walk) : NULL;
    if (value != NULL)
        aq_value_write(value, to);
    json_decref(value);
    json_decref(object);
    return value != NULL || (object == NULL && read_action(name, length, to));
}

/* The name under which the object has that member or is to get it. To be freed. */
static char *key_of(json_t *object, const char *name, size_t length)
{
    const json_t *there = aq_value_member(object, name, length);
    const char *key;
    json_t *other;
    json_object_foreach(object, key, other) if (other == there) return aq_strdup(key);
    return aq_strndup(name, length);
}

/* The member, made if it is not there: what is below it goes into it. Borrowed; NULL if there is no place. */
static json_t *descend(json_t *value, const char *name, size_t length)
{
    if (json_is_array(value)) {
        size_t place = place_of(name, length);
        return place > 0 ? json_array_get(value, place - 1) : NULL;
    }
    if (!json_is_object(value))
        return NULL;
    aq_autofree char *key = key_of(value, name, length);
    json_t *inner = json_object_get(value, key);
    if (!json_is_object(inner) && !json_is_array(inner)) {
        inner = json_object();
        json_object_set_new(value, key, inner);
    }
    return inner;
}

/* Takes the new value. Into an array at most one behind its last. */
static bool put(json_t *value, const char *name, size_t length, json_t *new_value)
{
    if (json_is_object(value)) {
        aq_autofree char *key = key_of(value, name, length);
        return json_object_set_new(value, key, new_value) == 0;
    }
    size_t place = json_is_array(value) ? place_of(name, length) : 0;
    if (place > 0 && place <= json_array_size(value))
        return json_array_set_new(value, place - 1, new_value) == 0;
    if (place > 0 && place == json_array_size(value) + 1)
        return json_array_append_new(value, new_value) == 0;
    json_decref(new_value);
    return false;
}

enum aq_path_put aq_path_put(const char *name, size_t length, const char *value, size_t value_length)
{
    struct walk walk;
    const char *variable = name, *part;
    size_t part_length;
    json_t *shared = root(name, length, &walk);
    if (shared == NULL)
        return AQ_PATH_NO_OBJECT;
    json_t *object = json_deep_copy(shared), *inner = object;
    json_decref(shared);
    bool done = false;
    while (inner != NULL && next_name(&walk, &part, &part_length)) {
        if (walk.at == NULL)
            done = put(inner, part, part_length, aq_value_of(value, value_length));
        else
            inner = descend(inner, part, part_length);
    }
    if (done) {
        aq_autobuffer struct aq_buffer text = {0};
        aq_value_write(object, &text);
        const char *period = memchr(variable, '.', length);
        aq_pool_set(variable, (size_t)(period - variable), text.data, text.length);
    }
    json_decref(object);
    return done ? AQ_PATH_DONE : AQ_PATH_NO_PLACE;
}
