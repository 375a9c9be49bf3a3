/* SPDX-License-Identifier: MIT */
/*
 * Ways into objects. `vm.disk.path` is a member of the object that the variable `vm` holds; of an array there
 * are `list.1` to `list.n`, and `list.0` and `list.length`, how many. Where no member has such a name and a
 * variable has, its value is tried: `list.i`.
 */
#ifndef AQ_FUNCTIONS_PATH_H
#define AQ_FUNCTIONS_PATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/memory.h"

/* Appends the value that the name has in the object which its variable holds. False, and nothing, if the
 * variable holds none or it has no such member. */
bool aq_path_read(const char *name, size_t length, struct aq_buffer *to);

/* What the names, without a variable's before them, lead to in the value. A new reference; NULL. */
json_t *aq_path_walk(const json_t *value, const char *names, size_t length);

/* What CHECKPOINT answers is a word here and in RexxJS an object, of which `.action` is that word: is it
 * that? */
bool aq_path_is_action(const char *names, size_t length, const char *value, size_t value_length);

enum aq_path_put { AQ_PATH_DONE, AQ_PATH_NO_OBJECT, AQ_PATH_NO_PLACE };

/* Sets it, and the variable anew. */
enum aq_path_put aq_path_put(const char *name, size_t length, const char *value, size_t value_length);

#endif
