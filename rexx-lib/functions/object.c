/* SPDX-License-Identifier: MIT */
/* What the translator calls for objects: their members read and set, literals, and what DO OVER goes through.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "functions/handlers.h"
#include "functions/path.h"
#include "functions/stem.h"
#include "functions/value.h"
#include "pool.h"
#include "util/utf8.h"

/* REXXJS_FIELD("vm.image"): of the object in vm; if that holds none, the compound variable. */
int aq_fn_read_field(struct aq_invocation *call)
{
    const RXSTRING *name = aq_argument_needed(call, 0, "a name");
    if (name == NULL)
        return -1;
    aq_autobuffer struct aq_buffer value = {0};
    if (!aq_path_read(name->strptr, name->strlength, &value))
        aq_pool_evaluate(name->strptr, name->strlength, &value);
    return aq_give(call, aq_buffer_text(&value), value.length);
}

/* REXXJS_MEMBER(value, "disk.path"): of the object that the value is; empty if it is none or has no such
 * member. */
int aq_fn_member_of(struct aq_invocation *call)
{
    const RXSTRING *value = aq_argument_needed(call, 0, "an object");
    const RXSTRING *names = value != NULL ? aq_argument_needed(call, 1, "a name") : NULL;
    if (names == NULL)
        return -1;
    json_t *object = aq_value_object(value->strptr, value->strlength);
    json_t *member = object != NULL ? aq_path_walk(object, names->strptr, names->strlength) : NULL;
    bool is_action = aq_path_is_action(names->strptr, names->strlength, value->strptr, value->strlength);
    int given = member != NULL ? aq_give_value(call, member)
                : is_action    ? aq_give(call, value->strptr, value->strlength)
                               : aq_give(call, "", 0);
    json_decref(member);
    json_decref(object);
    return given;
}

/* REXXJS_PUT("vm.image", value): sets what REXXJS_FIELD would read. */
int aq_fn_put_field(struct aq_invocation *call)
{
    const RXSTRING *name = aq_argument_needed(call, 0, "a name");
    const RXSTRING *value = aq_argument_needed(call, 1, "a value");
    if (name == NULL || value == NULL)
        return -1;
    switch (aq_path_put(name->strptr, name->strlength, value->strptr, value->strlength)) {
    case AQ_PATH_NO_PLACE:
        return aq_refuse_call(call, "%.*s has no place in that object: arrays count from 1, without gaps",
                              (int)name->strlength, name->strptr);
    case AQ_PATH_NO_OBJECT:
        if (!aq_pool_set(name->strptr, name->strlength, value->strptr, value->strlength))
            return aq_refuse_call(call, "%.*s cannot be a variable's name", (int)name->strlength,
                                  name->strptr);
        break;
    default:
        break;
    }
    return aq_give(call, value->strptr, value->strlength);
}

/* REXXJS_IS_OBJECT(value) */
int aq_fn_is_object(struct aq_invocation *call)
{
    const RXSTRING *value = aq_argument(call, 0);
    json_t *object = value != NULL ? aq_value_object(value->strptr, value->strlength) : NULL;
    int given = aq_give_number(call, object != NULL);
    json_decref(object);
    return given;
}

/* REXXJS_VALUE("vm"): the variable's value, or the stem vm. as an object if it has none. */
int aq_fn_variable_value(struct aq_invocation *call)
{
    const RXSTRING *name = aq_argument_needed(call, 0, "a name");
    aq_autobuffer struct aq_buffer value = {0};
    if (name == NULL)
        return -1;
    if (!aq_pool_fetch(name->strptr, name->strlength, &value)) {
        aq_autofree char *stem = aq_format("%.*s.", (int)name->strlength, name->strptr);
        json_t *object = aq_stem_get(stem, strlen(stem));
        if (object != NULL)
            aq_value_write(object, &value);
        else
            aq_pool_evaluate(name->strptr, name->strlength, &value);
        json_decref(object);
    }
    return aq_give(call, aq_buffer_text(&value), value.length);
}

/* An element as its letter says: s is a string, whatever it looks like. */
static json_t *element(char letter, const RXSTRING *value)
{
    return letter == 's' ? aq_value_string(value->strptr, value->strlength)
                         : aq_value_of(value->strptr, value->strlength);
}

/* REXXJS_ARRAY("vs…", element, …): a letter for each. */
int aq_fn_make_array(struct aq_invocation *call)
{
    json_t *array = json_array();
    for (ULONG i = 1; i < call->argc; i++)
        if (aq_argument(call, i) != NULL && i <= call->argv[0].strlength)
            json_array_append_new(array, element(call->argv[0].strptr[i - 1], &call->argv[i]));
    int given = aq_give_value(call, array);
    json_decref(array);
    return given;
}

/* REXXJS_OBJECT("vs…", key, value, …): a letter for each value. */
int aq_fn_make_object(struct aq_invocation *call)
{
    json_t *object = json_object();
    for (ULONG i = 1; i + 1 < call->argc; i += 2) {
        if (aq_argument(call, i) == NULL || aq_argument(call, i + 1) == NULL ||
            i / 2 >= call->argv[0].strlength)
            continue;
        aq_autofree char *key = aq_strndup(call->argv[i].strptr, call->argv[i].strlength);
        json_object_set_new(object, key, element(call->argv[0].strptr[i / 2], &call->argv[i + 1]));
    }
    int given = aq_give_value(call, object);
    json_decref(object);
    return given;
}

/* Sets STEM.n. */
static void set_item(const char *stem, size_t n, const char *value, size_t length)
{
    aq_autofree char *name = aq_format("%s%zu", stem, n);
    aq_pool_set_literal(name, strlen(name), value, length);
}

static size_t spread_members(const char *stem, const json_t *object)
{
    size_t n = 0, index;
    const char *key;
    json_t *member;
    aq_autobuffer struct aq_buffer text = {0};
    if (json_is_array(object))
        json_array_foreach(object, index, member)
        {
            aq_buffer_clear(&text);
            aq_value_write(member, &text);
            set_item(stem, ++n, aq_buffer_text(&text), text.length);
        }
    else
        json_object_foreach((json_t *)object, key, member)
        {
            aq_buffer_clear(&text);
            aq_value_write(member, &text);
            set_item(stem, ++n, aq_buffer_text(&text), text.length);
        }
    return n;
}

/* Characters of UTF-8, and the bytes that are none. */
static size_t spread_characters(const char *stem, const RXSTRING *text)
{
    size_t n = 0, taken;
    for (size_t at = 0; at < text->strlength; at += taken) {
        taken = aq_utf8_length(text->strptr + at, text->strlength - at);
        taken = taken > 0 ? taken : 1;
        set_item(stem, ++n, text->strptr + at, taken);
    }
    return n;
}

/* Items of the caller's own stem, whose .0 counts them: -1 if there is none. */
static int64_t spread_stem(const char *stem, const RXSTRING *name)
{
    aq_autobuffer struct aq_buffer value = {0};
    aq_autofree char *count_name = aq_format("%.*s.0", (int)name->strlength, name->strptr);
    if (!aq_pool_fetch(count_name, strlen(count_name), &value))
        return -1;
    char *end;
    long long count = strtoll(aq_buffer_text(&value), &end, 10);
    if (value.length == 0 || *end != '\0' || count < 0 || count > AQ_STEM_VARIABLES_MAX)
        return -1;
    for (long long i = 1; i <= count; i++) {
        aq_autofree char *item = aq_format("%.*s.%lld", (int)name->strlength, name->strptr, i);
        aq_buffer_clear(&value);
        aq_pool_evaluate(item, strlen(item), &value);
        set_item(stem, (size_t)i, aq_buffer_text(&value), value.length);
    }
    return count;
}

static int64_t spread_value(const char *stem, const RXSTRING *value)
{
    json_t *object = aq_value_object(value->strptr, value->strlength);
    if (object == NULL)
        return (int64_t)spread_characters(stem, value);
    size_t n = spread_members(stem, object);
    json_decref(object);
    return (int64_t)n;
}

/* REXXJS_OVER([value], stem [, name]): sets the stem to what DO OVER is to go through and says how many there
 * are. Without a value it is what the variable of that name holds, or the stem of that name. */
int aq_fn_over(struct aq_invocation *call)
{
    const RXSTRING *value = aq_argument(call, 0), *name = aq_argument(call, 2);
    aq_autofree char *stem = aq_argument_text(call, 1, "a stem");
    if (stem == NULL)
        return -1;
    aq_autobuffer struct aq_buffer held = {0};
    RXSTRING of_name;
    if (value == NULL && name != NULL &&
        (aq_path_read(name->strptr, name->strlength, &held) ||
         aq_pool_fetch(name->strptr, name->strlength, &held))) {
        of_name = (RXSTRING){held.length, (char *)aq_buffer_text(&held)};
        value = &of_name;
    }
    int64_t count = value != NULL ? spread_value(stem, value) : name != NULL ? spread_stem(stem, name) : 0;
    if (count < 0)
        return aq_refuse_call(call,
                              "DO OVER %.*s: it has no value, and in the stem %.*s. there is no .0 that "
                              "counts its items",
                              (int)name->strlength, name->strptr, (int)name->strlength, name->strptr);
    return aq_give_number(call, count);
}
