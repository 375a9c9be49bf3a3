/* SPDX-License-Identifier: MIT */
#include "util/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum aq_rc rc;
    const char *meaning;
} codes[AQ_ERROR_COUNT] = {[AQ_OK] = {"", AQ_RC_OK, ""},
#define X(name, class, meaning) [AQ_E_##name] = {#name, AQ_RC_##class, meaning},
                           AQ_ERROR_CODES(X)
#undef X
};

int aq_fail(struct aq_error *err, enum aq_error_code code, const char *format, ...)
{
    if (err->code != AQ_OK)
        return -1;
    va_list args;
    va_start(args, format);
    err->code = code;
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return -1;
}

int aq_fail_errno(struct aq_error *err, enum aq_error_code code, int errnum, const char *format, ...)
{
    if (err->code != AQ_OK)
        return -1;
    if (errnum == EINTR)
        code = AQ_E_INTERRUPTED;
    else if (errnum == ENOSPC || errnum == EDQUOT)
        code = AQ_E_NO_SPACE;
    va_list args;
    va_start(args, format);
    err->code = code;
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    char reason[128];
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror_r(errnum, reason, sizeof reason));
    return -1;
}

int aq_error_context(struct aq_error *err, const char *format, ...)
{
    char context[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    size_t length = strlen(context);
    size_t room = sizeof err->text - length - 3;
    size_t kept = strnlen(err->text, room);
    memmove(err->text + length + 2, err->text, kept);
    err->text[length + 2 + kept] = '\0';
    memcpy(err->text, context, length);
    memcpy(err->text + length, ": ", 2);
    return -1;
}

const char *aq_error_name(enum aq_error_code code)
{
    return codes[code].name;
}

enum aq_rc aq_error_rc(enum aq_error_code code)
{
    return codes[code].rc;
}

const char *aq_error_meaning(enum aq_error_code code)
{
    return codes[code].meaning;
}
