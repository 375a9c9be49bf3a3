/* SPDX-License-Identifier: MIT */
/* Commands through the public API, as any user of the library runs them. */
#ifndef AQ_TEST_SESSION_H
#define AQ_TEST_SESSION_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "address-qemu/address-qemu.h"
#include "util/memory.h"

/* The result of the latest command; freed by the next. */
static aq_result *last;

/* Runs a command and returns its RC. */
__attribute__((format(printf, 1, 2))) static inline int command(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&text, format, args) >= 0);
    va_end(args);
    aq_session *session = aq_session_open(NULL);
    aq_result_free(last);
    last = aq_run(session, text, AQ_WHOLE);
    aq_session_close(session);
    free(text);
    return aq_result_rc(last);
}

static inline const char *field(const char *name)
{
    const char *value = aq_result_field(last, name, NULL);
    return value != NULL ? value : "";
}

/* A command that has to succeed, or to fail with that code. */
#define assert_command(...)                                                                                  \
    do {                                                                                                     \
        if (command(__VA_ARGS__) != 0)                                                                       \
            fail_msg("%s: %s", aq_result_error_code(last), aq_result_error(last));                           \
    } while (0)

#define assert_refused(code, ...)                                                                            \
    do {                                                                                                     \
        command(__VA_ARGS__);                                                                                \
        if (strcmp(aq_result_error_code(last), code) != 0)                                                   \
            fail_msg("wanted %s, got %s: %s", code, aq_result_error_code(last), aq_result_error(last));      \
    } while (0)

#define assert_says(part)                                                                                    \
    do {                                                                                                     \
        if (strstr(aq_result_error(last), part) == NULL)                                                     \
            fail_msg("wanted \"%s\" in: %s", part, aq_result_error(last));                                   \
    } while (0)

#endif
