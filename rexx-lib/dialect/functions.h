/* SPDX-License-Identifier: MIT */
/* The routines that translated scripts call, and what the translator has to know of them. */
#ifndef AQ_DIALECT_FUNCTIONS_H
#define AQ_DIALECT_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define AQ_TEXT_FUNCTION "REXXJS_TEXT"      /* (text [, environment]): text with its placeholders filled */
#define AQ_PATTERN_ROUTINE "REXXJS_PATTERN" /* sets how a placeholder looks from now on */
#define AQ_TRANSLATE_FUNCTION "REXXJS_TRANSLATE" /* (code): what INTERPRET is to get */
#define AQ_EXPECT_FUNCTION "REXXJS_EXPECT"       /* (value, expected) */
#define AQ_SLEEP_FUNCTION "REXXJS_SLEEP"         /* what RexxJS has as SLEEP; Regina's counts seconds */
#define AQ_WITH_FUNCTION "QEMUWITH" /* (command, word, …): the command, its streams redirected */

#define AQ_PARAMETERS_MAX 5

/* Of which arguments that are a variable's name alone the object is passed, also if it is a stem. */
enum aq_objects { AQ_OBJECT_NONE, AQ_OBJECT_FIRST, AQ_OBJECT_ALL };

/* A function and the names of its parameters, in their order, each with its others: "text|string". NULL
 * behind the last. */
struct aq_function {
    const char *name;
    enum aq_objects objects;
    const char *parameters[AQ_PARAMETERS_MAX + 1];
};

/* The function of that name, in any case, if its parameters are known; else NULL. */
const struct aq_function *aq_function_find(const char *name, size_t length);

/* Is it one of ours, which scripts may call? */
bool aq_function_is_ours(const char *name, size_t length);

/* Each of ours in turn, from 0; NULL behind the last. */
const char *aq_function_name(size_t n);

/* Each that only translated scripts call. */
const char *aq_helper_name(size_t n);

/* The parameter's place, from 0; -1 if there is none of that name. */
int aq_function_place(const struct aq_function *function, const char *name, size_t length);

/* How a placeholder looks. */
struct aq_pattern {
    char *name, *open, *close;
};
extern const struct aq_pattern aq_patterns[];
extern const size_t aq_pattern_count;

/* The pattern of that name, in any case; NULL if there is none. */
const struct aq_pattern *aq_pattern_find(const char *name, size_t length);

/* One from an example, "<v>", that shows what stands around the name v. False if it shows none. To be freed.
 */
bool aq_pattern_of_example(const char *example, size_t length, struct aq_pattern *pattern);
void aq_pattern_free(struct aq_pattern *pattern);

/* The first placeholder in the text: where it begins and ends, and the variable that it names. False if there
 * is none. */
bool aq_pattern_next(const struct aq_pattern *pattern, const char *at, const char *end, const char **begins,
                     const char **ends, const char **name, size_t *length);

#endif
