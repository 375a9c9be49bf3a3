/* SPDX-License-Identifier: MIT */
/*
 * Templates: {{ name }} is replaced by a variable's text, and nothing else is done. What only an engine such
 * as Jinja could do - {% blocks %}, {# comments #}, filters, calls, attributes - is refused, with its line: a
 * file that means something else must not be taken as it stands.
 */
#ifndef AQ_SPEC_TEMPLATE_H
#define AQ_SPEC_TEMPLATE_H

#include "spec/modification.h"

/* Adds the template's text, filled in, to `filled`. What a variable holds is not read again. `where` names
   the template in messages. SPEC_INVALID with "where:line:column: …". */
int aq_template_fill(const char *text, size_t length, const char *where,
                     const struct aq_named_texts *variables, struct aq_buffer *filled, struct aq_error *err);

#endif
