/* SPDX-License-Identifier: MIT */
/* The descriptors put into words: for a terminal, and as Markdown for docs/. */
#ifndef AQ_COMMAND_HELP_H
#define AQ_COMMAND_HELP_H

#include "command/verb.h"
#include "util/memory.h"

/* All verbs, a line each, under their groups. */
void aq_help_overview(struct aq_buffer *text);

/* One verb: usage, keys, what it sets, an example. */
void aq_help_verb(const struct aq_verb *verb, struct aq_buffer *text);

/* docs/reference.md: every verb. */
void aq_help_reference(struct aq_buffer *markdown);

/* The error codes by class, as docs/errors.md. */
void aq_help_errors(struct aq_buffer *markdown);

/* Calls `each` once for each group, in the order in which the verbs name them first. */
void aq_help_groups(void (*each)(const char *group, void *data), void *data);

#endif
