/* SPDX-License-Identifier: MIT */
/* NOW, SLEEP, ENV and UUID. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "functions/handlers.h"
#include "util/memory.h"

static bool is_word(const RXSTRING *argument, const char *word)
{
    return argument == NULL || argument->strlength == 0 ||
           (argument->strlength == strlen(word) &&
            strncasecmp(argument->strptr, word, argument->strlength) == 0);
}

/* Milliseconds since 1970; with arguments an ISO 8601 time of UTC. */
int aq_fn_now(struct aq_invocation *call)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (call->argc == 0)
        return aq_give_number(call, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    if (!is_word(aq_argument(call, 0), "UTC") || !is_word(aq_argument(call, 1), "ISO"))
        return aq_refuse_call(call, "only the timezone UTC and the format ISO are known; for others there is "
                                    "DATE and TIME of REXX");
    struct tm fields;
    char text[32];
    gmtime_r(&now.tv_sec, &fields);
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &fields);
    snprintf(text + length, sizeof text - length, ".%03ldZ", now.tv_nsec / 1000000);
    return aq_give_text(call, text);
}

/* A signal that the script is to hear of ends it early: Regina raises HALT before the next clause. */
int aq_fn_sleep_ms(struct aq_invocation *call)
{
    int64_t milliseconds;
    if (aq_argument_number(call, 0, "milliseconds", 1000, 0, INT32_MAX, &milliseconds) < 0)
        return -1;
    fflush(stdout);
    poll(NULL, 0, (int)milliseconds);
    return aq_give_number(call, 1);
}

int aq_fn_env(struct aq_invocation *call)
{
    aq_autofree char *name = aq_argument_text(call, 0, "a variable's name");
    if (name == NULL)
        return -1;
    const char *value = getenv(name);
    return aq_give_text(call, value != NULL ? value : "");
}

/* Version 4 (RFC 9562). */
int aq_fn_uuid(struct aq_invocation *call)
{
    unsigned char bytes[16];
    char text[40];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return aq_refuse_call(call, "the kernel gives no random bytes: %s", strerror(errno));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    size_t used = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%02x",
                                 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    return aq_give_text(call, text);
}
