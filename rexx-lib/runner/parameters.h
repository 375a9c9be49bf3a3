/* SPDX-License-Identifier: MIT */
/* KEY=VALUE among a script's arguments: what a placeholder stands for when no variable has that name. */
#ifndef AQ_RUNNER_PARAMETERS_H
#define AQ_RUNNER_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/memory.h"

/* The script's arguments, which stay where they are. */
void aq_parameters_set(char **args, int count);

/* The value, and its length; NULL if there is none. In any case of letters; of two the later. */
const char *aq_parameter_value(const char *name, size_t length, size_t *value_length);

/* Appends it: false if there is none. */
bool aq_parameter_find(const char *name, size_t length, struct aq_buffer *to);

#endif
