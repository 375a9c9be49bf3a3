/* SPDX-License-Identifier: MIT */
/* The caller's variables, one at a time. Names are as a script writes them: upper-cased, tails substituted.
 */
#ifndef AQ_ENVIRONMENT_POOL_H
#define AQ_ENVIRONMENT_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "util/memory.h"

/* Appends the variable's value. False for one without a value, and for what is no name; then nothing is
 * appended. */
bool aq_pool_fetch(const char *name, size_t length, struct aq_buffer *to);

/* Appends what REXX puts in a variable's place: its value, or else its derived name. False for what is no
 * name. */
bool aq_pool_evaluate(const char *name, size_t length, struct aq_buffer *to);

/* False for what is no name. */
bool aq_pool_set(const char *name, size_t length, const char *value, size_t value_length);

/* The same for a stem's variable whose tail is taken as it is: letters in it keep their case, and nothing in
 * it is looked up. The stem is in upper case, with its period. */
bool aq_pool_set_literal(const char *name, size_t length, const char *value, size_t value_length);

void aq_pool_drop(const char *name, size_t length);

/* Every variable that has a value, in no order, until `each` returns false; it must ask for no other
 * variable. Names are in upper case up to the stem's period, behind it as they are. */
void aq_pool_each(bool (*each)(void *data, const char *name, size_t name_length, const char *value,
                               size_t value_length),
                  void *data);

#endif
