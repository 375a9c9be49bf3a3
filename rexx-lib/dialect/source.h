/* SPDX-License-Identifier: MIT */
/*
 * Makes a script ready for Regina: says what the runner has to know of it beforehand, and, if it is written
 * in the style of RexxJS, turns what Regina does not have into what it has. A plain REXX script stays as it
 * is, byte for byte, but for the redirections of ADDRESS QEMU, which Regina passes over. See docs/rexxjs.md
 * for what is accepted and when a script counts as RexxJS.
 */
#ifndef AQ_DIALECT_SOURCE_H
#define AQ_DIALECT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "names.h"
#include "util/memory.h"

/* The routine that a REQUIRE clause becomes a CALL of. */
#define AQ_REQUIRE_ROUTINE "REQUIRE"

enum aq_dialect {
    AQ_DIALECT_AUTO, /* RexxJS if it says so or cannot be plain REXX */
    AQ_DIALECT_REGINA,
    AQ_DIALECT_REXXJS,
    AQ_DIALECT_FRAGMENT /* code that a RexxJS script hands to INTERPRET */
};

struct aq_source_traits {
    bool has_clauses;      /* anything to run: Regina does not survive a script without */
    bool mentions_trace;   /* TRACE as an instruction or function */
    bool traps_errors;     /* SIGNAL ON ERROR or CALL ON ERROR */
    bool requires;         /* a REQUIRE clause, which has been rewritten */
    bool rexxjs;           /* it has been read as RexxJS */
    bool redirects;        /* ADDRESS QEMU … WITH, which has been rewritten */
    bool reads_result;     /* RESULT.field, which holds what a command of ADDRESS QEMU has set */
    struct aq_names names; /* routines that it calls, and its labels; they point into its text */
};

/* Why a script cannot be translated, with the number of Regina's error that it comes closest to. */
struct aq_source_problem {
    int error;
    int line;
    char text[512];
};

/* Says what the script `text` is like. If it is RexxJS or redirects, appends to `out` what Regina is to read
 * instead, in which lines keep their numbers; nothing otherwise. 0, or -1 with *problem filled. The traits
 * are the caller's to free in any case. */
int aq_source_prepare(const char *text, size_t length, enum aq_dialect dialect, struct aq_buffer *out,
                      struct aq_source_traits *traits, struct aq_source_problem *problem);

void aq_source_traits_free(struct aq_source_traits *traits);

/* What Regina calls the error of that number, of those that a problem can have. */
const char *aq_source_error_name(int error);

#endif
