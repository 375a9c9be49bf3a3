/* SPDX-License-Identifier: MIT */
/*
 * Objects and arrays as stems of the caller, and back. {"name": "web", "ports": [80, 443]} is, in the stem
 * vm., VM.NAME = web, VM.PORTS.0 = 2, VM.PORTS.1 = 80 and VM.PORTS.2 = 443.
 */
#ifndef AQ_FUNCTIONS_STEM_H
#define AQ_FUNCTIONS_STEM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define AQ_STEM_VARIABLES_MAX 200000

/* Is it the name of a stem, or of a part of one: a symbol whose last character is a period? */
bool aq_stem_is(const char *name, size_t length);

/* Empties the stem and sets it. Members whose names cannot be tails are left out. False if that would make
 * more variables than there may be; then nothing is changed. */
bool aq_stem_set(const char *stem, size_t length, const json_t *value);

/* The stem as an object; as an array, if it has .0 and all that it counts. Names that are in upper case
 * throughout come out in lower case. NULL for one without anything in it. A new reference. */
json_t *aq_stem_get(const char *stem, size_t length);

#endif
