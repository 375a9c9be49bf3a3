/* SPDX-License-Identifier: MIT */
/* The nearest known word to one that is not known. */
#ifndef AQ_UTIL_SUGGEST_H
#define AQ_UTIL_SUGGEST_H

#include <stddef.h>

/* The candidate that differs least from `word` (any case); NULL when none is near enough to be meant. */
const char *aq_suggest(const char *word, const char *const *candidates, size_t count);

#endif
