/* SPDX-License-Identifier: MIT */
/* Text that may hold any bytes, such as a guest's or a user's, as a JSON string. */
#ifndef AQ_UTIL_JSON_BYTES_H
#define AQ_UTIL_JSON_BYTES_H

#include <jansson.h>
#include <stddef.h>

/* A new reference. What is longer than `max` bytes is cut, not within a character, and ends with "...". In
   text that is not UTF-8, or has a NUL, each byte that is not ASCII is a question mark. */
json_t *aq_json_bytes(const char *text, size_t length, size_t max);

#endif
