/* SPDX-License-Identifier: MIT */
/* One call of a function under way: its arguments, its result, and why it was refused. */
#ifndef AQ_FUNCTIONS_INVOCATION_H
#define AQ_FUNCTIONS_INVOCATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rexx.h"

struct aq_invocation {
    const char *name; /* the function's, in upper case */
    ULONG argc;
    PRXSTRING argv;
    PRXSTRING result;
    char reason[512]; /* set when it fails */
};

/* 0 with the result given, or -1 with a reason: Regina then raises SYNTAX 40. */
typedef int aq_handler(struct aq_invocation *call);

/* Says why; returns -1. The name is put in front. */
int aq_refuse_call(struct aq_invocation *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The nth argument (from 0); NULL if it was left out. */
const RXSTRING *aq_argument(const struct aq_invocation *call, ULONG n);

/* The same for one that has to be there: NULL when it is not, after the refusal. `what` it is, for that. */
const RXSTRING *aq_argument_needed(struct aq_invocation *call, ULONG n, const char *what);

/* An argument as a C string, which holds no NUL: to be freed; NULL after the refusal. */
char *aq_argument_text(struct aq_invocation *call, ULONG n, const char *what);

/* A whole number within the bounds; `fallback` if it was left out or is empty. -1 after the refusal. */
int aq_argument_number(struct aq_invocation *call, ULONG n, const char *what, int64_t fallback, int64_t min,
                       int64_t max, int64_t *number);

/* The result. Each returns 0. */
int aq_give(struct aq_invocation *call, const char *bytes, size_t length);
int aq_give_text(struct aq_invocation *call, const char *text);
int aq_give_number(struct aq_invocation *call, int64_t number);
int aq_give_value(struct aq_invocation *call, const json_t *value); /* as functions/value.h has it */

#endif
