/* SPDX-License-Identifier: MIT */
/* ARRAY_GET and its kind. Places in arrays count from 0, as RexxJS scripts count them. None changes what it
 * is given: they return another array. */
#include <stdlib.h>
#include <string.h>

#include "functions/handlers.h"
#include "functions/value.h"

/* The first argument, also as JSON text: a new reference; NULL after the refusal. */
static json_t *collection(struct aq_invocation *call)
{
    char problem[256];
    const RXSTRING *value = aq_argument_needed(call, 0, "an array or object");
    if (value == NULL)
        return NULL;
    json_t *found = aq_value_object(value->strptr, value->strlength);
    if (found != NULL)
        return found;
    found = aq_value_parse(value->strptr, value->strlength, problem, sizeof problem);
    if (json_is_array(found) || json_is_object(found))
        return found;
    json_decref(found);
    int shown = (int)(value->strlength < 60 ? value->strlength : 60);
    aq_refuse_call(call, "the value is neither an array nor an object: \"%.*s\"", shown, value->strptr);
    return NULL;
}

/* An array's place, from 0; negative ones are before its beginning. -1 after the refusal. */
static int place(struct aq_invocation *call, int64_t *index)
{
    const RXSTRING *key = aq_argument(call, 1);
    aq_autofree char *text = aq_strndup(key->strptr, key->strlength);
    char *end;
    double value = strtod(text, &end);
    end += strspn(end, " ");
    if (end == text || *end != '\0' || value != (double)(int32_t)value) {
        aq_refuse_call(call, "an array's index is a whole number, counted from 0, but this is \"%.60s\"",
                       text);
        return -1;
    }
    *index = (int64_t)value;
    return 0;
}

/* A new reference; NULL for what is not there. */
static json_t *get(struct aq_invocation *call, const json_t *from, const RXSTRING *key)
{
    int64_t index;
    if (json_is_object(from))
        return json_incref(aq_value_member(from, key->strptr, key->strlength));
    if (key->strlength == strlen("length") && memcmp(key->strptr, "length", key->strlength) == 0)
        return json_integer((json_int_t)json_array_size(from));
    if (place(call, &index) < 0 || index < 0)
        return NULL;
    return json_incref(json_array_get(from, (size_t)index));
}

int aq_fn_array_get(struct aq_invocation *call)
{
    json_t *from = collection(call);
    const RXSTRING *key = from != NULL ? aq_argument_needed(call, 1, "an index or a key") : NULL;
    if (key == NULL) {
        json_decref(from);
        return -1;
    }
    json_t *member = get(call, from, key);
    int given = call->reason[0] != '\0' ? -1
                : member != NULL        ? aq_give_value(call, member)
                                        : aq_give(call, "", 0);
    json_decref(member);
    json_decref(from);
    return given;
}

int aq_fn_item_at(struct aq_invocation *call)
{
    return aq_fn_array_get(call);
}

int aq_fn_array_length(struct aq_invocation *call)
{
    json_t *from = collection(call);
    if (from == NULL)
        return -1;
    int given =
        aq_give_number(call, (int64_t)(json_is_array(from) ? json_array_size(from) : json_object_size(from)));
    json_decref(from);
    return given;
}

/* A copy that may be changed: others share what was read. */
static json_t *own_copy(struct aq_invocation *call)
{
    json_t *from = collection(call);
    json_t *copy = from != NULL ? json_copy(from) : NULL;
    json_decref(from);
    return copy;
}

int aq_fn_array_push(struct aq_invocation *call)
{
    json_t *array = own_copy(call);
    if (array == NULL)
        return -1;
    int given = -1;
    if (!json_is_array(array))
        aq_refuse_call(call, "argument 1 is an object, which has no end; ARRAY_SET adds a member");
    else if (call->argc < 2)
        aq_argument_needed(call, 1, "what to add");
    else {
        for (ULONG i = 1; i < call->argc; i++)
            if (aq_argument(call, i) != NULL)
                json_array_append_new(array, aq_value_of(call->argv[i].strptr, call->argv[i].strlength));
        given = aq_give_value(call, array);
    }
    json_decref(array);
    return given;
}

/* Takes the value. Between an array's end and the new place come nulls, as in JavaScript. */
static int set_place(struct aq_invocation *call, json_t *array, json_t *value)
{
    int64_t index;
    if (place(call, &index) < 0 || index < 0 || index > 1000000) {
        json_decref(value);
        return call->reason[0] != '\0' ? -1 : aq_refuse_call(call, "an array's index is from 0 to 1000000");
    }
    while (json_array_size(array) <= (size_t)index)
        json_array_append_new(array, json_null());
    return json_array_set_new(array, (size_t)index, value);
}

int aq_fn_array_set(struct aq_invocation *call)
{
    json_t *copy = own_copy(call);
    const RXSTRING *key = copy != NULL ? aq_argument_needed(call, 1, "an index or a key") : NULL;
    const RXSTRING *value = key != NULL ? aq_argument_needed(call, 2, "a value") : NULL;
    int done = -1;
    if (value != NULL && json_is_array(copy))
        done = set_place(call, copy, aq_value_of(value->strptr, value->strlength));
    else if (value != NULL) {
        aq_autofree char *name = aq_strndup(key->strptr, key->strlength);
        done = json_object_set_new(copy, name, aq_value_of(value->strptr, value->strlength));
    }
    if (done == 0)
        done = aq_give_value(call, copy);
    json_decref(copy);
    return done;
}
