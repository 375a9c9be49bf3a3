/* SPDX-License-Identifier: MIT */
/* What every unit test includes: cmocka and what it wants before it. */
#ifndef AQ_TEST_H
#define AQ_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/error.h"

/* The call has to succeed, and says why if it did not. Wants a `struct aq_error err` in scope. */
#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        if ((call) < 0)                                                                                      \
            fail_msg("%s: %s: %s", #call, aq_error_name(err.code), err.text);                                \
    } while (0)

/* The call has to fail with that code; the error is cleared for the next one. */
#define assert_fails(call, expected)                                                                         \
    do {                                                                                                     \
        if ((call) >= 0)                                                                                     \
            fail_msg("%s succeeded", #call);                                                                 \
        if (err.code != (expected))                                                                          \
            fail_msg("%s: %s (%s), wanted %s", #call, aq_error_name(err.code), err.text,                     \
                     aq_error_name(expected));                                                               \
        assert_true(err.text[0] != '\0');                                                                    \
        err = (struct aq_error){0};                                                                          \
    } while (0)

#endif
