/* SPDX-License-Identifier: MIT */
/*
 * What a script can call besides its own labels and Regina's functions: the functions of functions/list.h,
 * and routines in files of their own that Regina could not read by itself because they are RexxJS.
 *
 * A function is never there in place of a routine that a script has or would find: see docs/rexxjs.md.
 */
#ifndef AQ_RUNNER_ROUTINES_H
#define AQ_RUNNER_ROUTINES_H

#include <stdbool.h>
#include <stddef.h>

#include "dialect/source.h"
#include "util/memory.h"

/* Makes known what a script with these traits may call. */
void aq_routines_register(const struct aq_source_traits *traits);

/* Every function that there is, for scripts that load ADDRESS QEMU as under stock Regina. */
void aq_routines_register_all(void);

/* Appends what the name is in the object that its variable holds; false, and nothing, if it is nothing there.
 */
bool aq_routines_field(const char *name, size_t length, struct aq_buffer *to);

#endif
