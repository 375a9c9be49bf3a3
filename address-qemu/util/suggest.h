/* SPDX-License-Identifier: MIT */
/* The nearest known word to one that is not known. */
#ifndef AQ_UTIL_SUGGEST_H
#define AQ_UTIL_SUGGEST_H

#include <stddef.h>

#include "util/error.h"
#include "util/memory.h"

/* The candidate that differs least from `word` (any case); NULL when none is near enough to be meant. */
const char *aq_suggest(const char *word, const char *const *candidates, size_t count);

/* Fails with what is `absent` and either the known word that was meant or `otherwise`, which says where the
   known ones are to be seen: "there is no VM wbe; did you mean web?". Returns -1. */
int aq_fail_unknown(struct aq_error *err, enum aq_error_code code, const char *absent, const char *word,
                    const struct aq_strings *known, const char *otherwise);

#endif
