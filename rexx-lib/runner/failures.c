/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RC_INTERRUPTED 130 /* HALT follows and says so */

static enum {
    IDLE,
    FAILED, /* the handler said so: Regina's two lines of trace are next */
    TRACED  /* they have come: did the script take the condition? */
} state;

static bool active, may_be_handled;
static int rc;
static long line;     /* of the clause */
static char sigl[24]; /* SIGL before the condition: a trap that takes it sets SIGL to `line` */
static char command[160], reason[1024];

/* The caller's variable as text, cut to size; "" when it has no value. */
static void fetch(const char *name, char *to, size_t size)
{
    SHVBLOCK block = {.shvcode = RXSHV_SYFET,
                      .shvname = {.strptr = (char *)name, .strlength = strlen(name)},
                      .shvnamelen = strlen(name),
                      .shvvalue = {.strptr = to, .strlength = size - 1},
                      .shvvaluelen = size - 1};
    RexxVariablePool(&block);
    size_t length = block.shvvalue.strlength < size ? block.shvvalue.strlength : size - 1;
    to[block.shvret & (RXSHV_NEWV | RXSHV_BADN) ? 0 : length] = '\0';
}

/* The file whose clause this is: an external routine's own. */
static void source_file(char *to, size_t size)
{
    char source[4200];
    SHVBLOCK block = {.shvcode = RXSHV_PRIV,
                      .shvname = {.strptr = (char *)"SOURCE", .strlength = strlen("SOURCE")},
                      .shvnamelen = strlen("SOURCE"),
                      .shvvalue = {.strptr = source, .strlength = sizeof source - 1},
                      .shvvaluelen = sizeof source - 1};
    RexxVariablePool(&block);
    source[block.shvvalue.strlength < sizeof source ? block.shvvalue.strlength : 0] = '\0';
    /* "UNIX COMMAND /the/file" */
    const char *file = strchr(source, ' ');
    file = file != NULL ? strchr(file + 1, ' ') : NULL;
    snprintf(to, size, "%s", file != NULL ? file + 1 : "rexx");
}

/* A terminal obeys control characters, and these may come from anywhere. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text) && *text != '\n')
            *text = ' ';
}

static void copy_line(char *to, size_t size, const RXSTRING *from)
{
    size_t length = RXSTRLEN(*from) < size - 1 ? RXSTRLEN(*from) : size - 1;
    memcpy(to, from->strptr, length);
    to[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (to[i] == '\0' || to[i] == '\n')
            to[i] = ' ';
    make_printable(to);
    if (RXSTRLEN(*from) > length && length > 3)
        memcpy(to + length - 3, "...", 3);
}

static void report(void)
{
    char file[4096];
    source_file(file, sizeof file);
    fflush(stdout);
    fprintf(stderr, "%s:%ld: QEMU \"%s\": %s (RC %d)\n", file, line, command, reason, rc);
}

void aq_failures_start(bool enabled, bool traps_errors)
{
    active = enabled;
    may_be_handled = traps_errors;
    state = IDLE;
}

void aq_failures_settle(void)
{
    if (state == IDLE)
        return;
    char now[sizeof sigl], expected[sizeof sigl];
    fetch("SIGL", now, sizeof now);
    snprintf(expected, sizeof expected, "%ld", line);
    bool handled = may_be_handled && (strcmp(now, sigl) != 0 || strcmp(now, expected) == 0);
    if (state == TRACED && !handled && rc != RC_INTERRUPTED)
        report();
    state = IDLE;
}

void aq_failures_command_begins(void)
{
    aq_failures_settle();
}

void aq_failures_command_failed(const RXSTRING *failed, const RXSTRING *code)
{
    if (!active)
        return;
    rc = atoi(code->strptr);
    copy_line(command, sizeof command, failed);
    fetch("QEMU_ERROR", reason, sizeof reason);
    make_printable(reason);
    fetch("SIGL", sigl, sizeof sigl);
    state = FAILED;
}

bool aq_failures_takes(const RXSTRING *text)
{
    static const char rc_line[] = "       +++ RC=", clause_mark[] = "*-*";
    const size_t mark_at = 7;
    if (state == TRACED)
        aq_failures_settle();
    if (state != FAILED || RXSTRLEN(*text) < mark_at + strlen(clause_mark))
        return false;
    if (RXSTRLEN(*text) >= sizeof rc_line && memcmp(text->strptr, rc_line, strlen(rc_line)) == 0) {
        state = TRACED;
        if (!may_be_handled)
            aq_failures_settle();
        return true;
    }
    /* "    12 *-* clause"; a second clause of the line that was traced last has no number of its own, and one
       that is a variable alone no text */
    long number = strtol(text->strptr, NULL, 10);
    if (number > 0)
        line = number;
    return memcmp(text->strptr + mark_at, clause_mark, strlen(clause_mark)) == 0;
}
