/* SPDX-License-Identifier: MIT */
/* The types of parameters: one checker each. */
#ifndef AQ_COMMAND_TYPES_H
#define AQ_COMMAND_TYPES_H

#include "command/arguments.h"

/* Checks argument->text against its parameter's type and bounds, and fills in its number (and `owned`, where
   the text itself changes). 0, or -1 with VALUE_INVALID that says what the type wants. */
int aq_type_check(const struct aq_verb *verb, struct aq_argument *argument, struct aq_error *err);

#endif
