/* SPDX-License-Identifier: MIT */
#include "reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pool.h"

static char reason[600];

int aq_reason_set(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    aq_pool_set("QEMU_ERROR", strlen("QEMU_ERROR"), reason, strlen(reason));
    return 1;
}

void aq_reason_clear(void)
{
    reason[0] = '\0';
}

bool aq_reason_takes(const RXSTRING *line)
{
    static const char prefix[] = "Error 40 ";
    if (reason[0] == '\0' || RXSTRLEN(*line) < strlen(prefix) ||
        memcmp(line->strptr, prefix, strlen(prefix)) != 0)
        return false;
    fflush(stdout);
    fprintf(stderr, "%.*s\nError 40.1: %s\n", (int)line->strlength, line->strptr, reason);
    reason[0] = '\0';
    return true;
}
