/* SPDX-License-Identifier: MIT */
/* The tables of a spec's keys as a page. */
#ifndef AQ_SPEC_REFERENCE_H
#define AQ_SPEC_REFERENCE_H

#include "util/memory.h"

/* docs/spec-reference.md: every mapping and its keys. */
void aq_spec_reference(struct aq_buffer *markdown);

#endif
