/* SPDX-License-Identifier: MIT */
/* Helpers around jansson: references released by scope, typed members that are never NULL. */
#ifndef AQ_UTIL_JSON_H
#define AQ_UTIL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

static inline void aq_cleanup_json(json_t **json)
{
    json_decref(*json);
}

#define aq_autojson aq_cleanup(aq_cleanup_json)

/* The member's text; `fallback` when it is absent or of another type. Valid as long as the object is. */
static inline const char *aq_json_text(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : fallback;
}

static inline int64_t aq_json_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

static inline bool aq_json_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

#endif
