/* SPDX-License-Identifier: MIT */
#include "functions/invocation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions/value.h"
#include "util/memory.h"

int aq_refuse_call(struct aq_invocation *call, const char *format, ...)
{
    /* What the translator calls is no name that the script knows. */
    bool known = strncmp(call->name, "REXXJS_", 7) != 0;
    int used = known ? snprintf(call->reason, sizeof call->reason, "%s: ", call->name) : 0;
    va_list args;
    va_start(args, format);
    vsnprintf(call->reason + used, sizeof call->reason - (size_t)used, format, args);
    va_end(args);
    return -1;
}

const RXSTRING *aq_argument(const struct aq_invocation *call, ULONG n)
{
    return n < call->argc && call->argv[n].strptr != NULL ? &call->argv[n] : NULL;
}

const RXSTRING *aq_argument_needed(struct aq_invocation *call, ULONG n, const char *what)
{
    const RXSTRING *argument = aq_argument(call, n);
    if (argument == NULL)
        aq_refuse_call(call, "argument %lu is missing: %s", (unsigned long)n + 1, what);
    return argument;
}

char *aq_argument_text(struct aq_invocation *call, ULONG n, const char *what)
{
    const RXSTRING *argument = aq_argument_needed(call, n, what);
    if (argument == NULL)
        return NULL;
    if (argument->strlength == 0 || memchr(argument->strptr, '\0', argument->strlength) != NULL) {
        aq_refuse_call(call, "%s %s", what, argument->strlength == 0 ? "is empty" : "has a NUL byte in it");
        return NULL;
    }
    return aq_strndup(argument->strptr, argument->strlength);
}

int aq_argument_number(struct aq_invocation *call, ULONG n, const char *what, int64_t fallback, int64_t min,
                       int64_t max, int64_t *number)
{
    const RXSTRING *argument = aq_argument(call, n);
    *number = fallback;
    if (argument == NULL || argument->strlength == 0)
        return 0;
    aq_autofree char *text = aq_strndup(argument->strptr, argument->strlength);
    char *end;
    double value = strtod(text, &end);
    while (*end == ' ')
        end++;
    if (end == text || *end != '\0' || value < (double)min || value > (double)max ||
        value != (double)(int64_t)value)
        return aq_refuse_call(call,
                              "%s has to be a whole number from %" PRId64 " to %" PRId64 ", but is \"%.60s\"",
                              what, min, max, text);
    *number = (int64_t)value;
    return 0;
}

int aq_give(struct aq_invocation *call, const char *bytes, size_t length)
{
    if (length > RXAUTOBUFLEN || call->result->strptr == NULL)
        call->result->strptr = RexxAllocateMemory(length + 1);
    if (call->result->strptr == NULL)
        aq_panic("out of memory");
    if (length > 0)
        memcpy(call->result->strptr, bytes, length);
    call->result->strlength = length;
    return 0;
}

int aq_give_text(struct aq_invocation *call, const char *text)
{
    return aq_give(call, text, strlen(text));
}

int aq_give_number(struct aq_invocation *call, int64_t number)
{
    char text[24];
    return aq_give(call, text, (size_t)snprintf(text, sizeof text, "%" PRId64, number));
}

int aq_give_value(struct aq_invocation *call, const json_t *value)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_value_write(value, &text);
    return aq_give(call, aq_buffer_text(&text), text.length);
}
