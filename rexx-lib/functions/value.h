/* SPDX-License-Identifier: MIT */
/*
 * Values of RexxJS as REXX has them. Everything in REXX is a string, so an object or array is one too: a
 * blank, and its JSON on one line. That blank, which JSON passes over, tells it from a text that only looks
 * alike. So objects can be assigned, passed, returned, queued and exposed like any other value, and none has
 * to be freed.
 *
 * Other values: a string is itself; a number what JSON would write for it; true, false and null are 1, 0 and
 * the empty string.
 */
#ifndef AQ_FUNCTIONS_VALUE_H
#define AQ_FUNCTIONS_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/memory.h"

#define AQ_VALUE_MAX ((size_t)64 << 20) /* bytes of a JSON text that is read or written */
#define AQ_VALUE_DEPTH_MAX 200

/* Does it begin like an object's or array's value? */
bool aq_value_looks_like_object(const char *text, size_t length);

/* The object or array that has this value: a new reference; NULL if it is no such value. */
json_t *aq_value_object(const char *text, size_t length);

/* Any JSON text as a new reference; NULL with `problem` saying where and why. */
json_t *aq_value_parse(const char *text, size_t length, char *problem, size_t problem_size);

/* The value as JSON has it: an object's or array's; a number, if it is written as JSON would write it; else a
 * string, in which bytes that are not UTF-8 are U+FFFD. A new reference. */
json_t *aq_value_of(const char *text, size_t length);

/* A string as JSON has it, whatever it looks like. A new reference. */
json_t *aq_value_string(const char *text, size_t length);

/* Appends the value as REXX has it. */
void aq_value_write(const json_t *value, struct aq_buffer *to);

/* Appends it as JSON: on one line, or with each level indented by that many blanks. */
void aq_value_write_json(const json_t *value, unsigned indent, struct aq_buffer *to);

/* The member of that name, in any case and with or without underscores if there is none just so. NULL. */
json_t *aq_value_member(const json_t *object, const char *name, size_t length);

#endif
