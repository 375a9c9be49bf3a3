/* SPDX-License-Identifier: MIT */
/*
 * Looks through a script, token by token, for the few things that the runner has to know before Regina gets
 * it, and turns the one clause that Regina does not have, `REQUIRE "module" AS NAME`, into a CALL. Everything
 * else stays as it is, byte for byte.
 */
#ifndef AQ_DIALECT_SOURCE_H
#define AQ_DIALECT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/memory.h"

/* The routine that a REQUIRE clause becomes a CALL of. */
#define AQ_REQUIRE_ROUTINE "REQUIRE"

struct aq_source_traits {
    bool has_clauses;    /* anything to run: Regina does not survive a script without */
    bool mentions_trace; /* TRACE as an instruction or function */
    bool traps_errors;   /* SIGNAL ON ERROR or CALL ON ERROR */
    bool requires;       /* a REQUIRE clause, which has been rewritten */
};

/* Appends the script `text` to `out`, REQUIRE clauses rewritten, and says what it is like. Lines keep their
 * numbers. */
void aq_source_prepare(const char *text, size_t length, struct aq_buffer *out,
                       struct aq_source_traits *traits);

#endif
