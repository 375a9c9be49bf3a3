/* SPDX-License-Identifier: MIT */
/* ${NAME} in a spec's values, filled in from the environment. */
#ifndef AQ_SPEC_ENVIRONMENT_H
#define AQ_SPEC_ENVIRONMENT_H

#include "spec/modification.h"

/* The text with ${NAME} and ${NAME:-default} filled in (the default where NAME is not set or empty, as a
   shell does it) and $$ made one $; any other $ is just that. What is filled in is not read again. NULL with
   SPEC_INVALID for a name that is not set and has no default, and for what only begins like one. free() it.
 */
char *aq_environment_fill(const struct aq_spec *spec, struct aq_place place, const char *text,
                          struct aq_error *err);

#endif
