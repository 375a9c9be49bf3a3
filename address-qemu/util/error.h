/* SPDX-License-Identifier: MIT */
/*
 * One way of handling errors.
 *
 * Every function that can fail takes a `struct aq_error *err` last, returns 0 (or a useful non-negative
 * number, or a pointer) on success and -1 (or NULL) on failure, and leaves *err alone on success. The
 * message is made once, where the failure is known: what was wanted, what was found, what to do. Callers add
 * nothing that is redundant. The first error wins: while unwinding, a clean-up may pass the same err without
 * losing the cause.
 */
#ifndef AQ_UTIL_ERROR_H
#define AQ_UTIL_ERROR_H

#include <stdarg.h>

#include "util/error_codes.h"

/* A code, its class, and one human sentence. Zero-initialise it: `struct aq_error err = {0};` */
struct aq_error {
    enum aq_error_code code;
    char text[4096];
};

/* Records the failure and returns -1, so that `return aq_fail(err, AQ_E_…, "…")` reads well. */
int aq_fail(struct aq_error *err, enum aq_error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the text of `errnum` appended. EINTR becomes INTERRUPTED, ENOSPC NO_SPACE. */
int aq_fail_errno(struct aq_error *err, enum aq_error_code code, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "context: " in front of the message that is there. Only for what the inner place could not know. */
int aq_error_context(struct aq_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The stable name of a code ("BASE_NOT_FOUND"); "" for AQ_OK. */
const char *aq_error_name(enum aq_error_code code);

/* The class of a code, which becomes REXX's RC. */
enum aq_rc aq_error_rc(enum aq_error_code code);

/* What the code means and what mends it: a line of docs/troubleshooting.md. */
const char *aq_error_meaning(enum aq_error_code code);

#endif
