/* SPDX-License-Identifier: MIT */
/* The routines that translated scripts call, and what the translator has to know of them. */
#ifndef AQ_DIALECT_FUNCTIONS_H
#define AQ_DIALECT_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define AQ_TEXT_FUNCTION "REXXJS_TEXT"      /* (text [, environment]): text with its placeholders filled */
#define AQ_PATTERN_ROUTINE "REXXJS_PATTERN" /* sets how a placeholder looks from now on */

#define AQ_PARAMETERS_MAX 4

/* A function and the names of its parameters, in their order; NULL behind the last. */
struct aq_function {
    const char *name;
    const char *parameters[AQ_PARAMETERS_MAX + 1];
};

/* The function of that name, in any case, if its parameters are known; else NULL. */
const struct aq_function *aq_function_find(const char *name, size_t length);

/* The parameter's place, from 0; -1 if there is none of that name. */
int aq_function_place(const struct aq_function *function, const char *name, size_t length);

/* How a placeholder looks. */
struct aq_pattern {
    const char *name, *open, *close;
};
extern const struct aq_pattern aq_patterns[];
extern const size_t aq_pattern_count;

/* The pattern of that name, in any case; NULL if there is none. */
const struct aq_pattern *aq_pattern_find(const char *name, size_t length);

/* The first placeholder in the text: where it begins and ends, and the variable that it names. False if there
 * is none. */
bool aq_pattern_next(const struct aq_pattern *pattern, const char *at, const char *end, const char **begins,
                     const char **ends, const char **name, size_t *length);

#endif
