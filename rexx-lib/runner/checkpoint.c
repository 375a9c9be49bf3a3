/* SPDX-License-Identifier: MIT */
#include "checkpoint.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint_host.h"
#include "guest/checkpoint_line.h"
#include "util/memory.h"

#define FUNCTION "CHECKPOINT"

/* Blanks around it, a sign, digits with a point, an exponent: what REXX calls a number. */
static bool is_number(const RXSTRING *argument)
{
    aq_autofree char *text =
        aq_strndup(RXSTRPTR(*argument) != NULL ? RXSTRPTR(*argument) : "", RXSTRLEN(*argument));
    char *end;
    if (strspn(text, "0123456789+-.eE \t") != RXSTRLEN(*argument) || text[strspn(text, " \t")] == '\0')
        return false;
    strtod(text, &end);
    return end[strspn(end, " \t")] == '\0';
}

static bool is_given(ULONG argc, PRXSTRING argv, ULONG n)
{
    return n < argc && RXVALIDSTRING(argv[n]);
}

static void set_value(struct aq_checkpoint_line *line, enum aq_checkpoint_field field, const RXSTRING *value)
{
    line->values[field] = RXSTRPTR(*value);
    line->lengths[field] = RXSTRLEN(*value);
}

/* `percent=40`, `"progress": 40`: how scripts for RexxJS say it in their text. */
static void find_percent(struct aq_checkpoint_line *line, const struct aq_buffer *text)
{
    static const char *const words[] = {"percent", "progress"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        const char *found = strstr(aq_buffer_text(text), words[i]);
        if (found == NULL)
            continue;
        const char *number = found + strlen(words[i]);
        number += strspn(number, "=\": ");
        size_t length = strspn(number, "0123456789.");
        if (length == 0)
            continue;
        line->values[AQ_CHECKPOINT_CURRENT] = number;
        line->lengths[AQ_CHECKPOINT_CURRENT] = length;
        line->values[AQ_CHECKPOINT_TOTAL] = "100";
        line->lengths[AQ_CHECKPOINT_TOTAL] = 3;
        return;
    }
}

/* Which argument is what. `text` is where those from some point on are joined. */
static void arrange(ULONG argc, PRXSTRING argv, struct aq_checkpoint_line *line, struct aq_buffer *text)
{
    ULONG next = 0;
    if (argc > 0 && (!is_given(argc, argv, 0) || !is_number(&argv[0])))
        set_value(line, AQ_CHECKPOINT_STAGE, &argv[next++]); /* or there is none: , current, total */
    bool numbered = false;
    for (int field = AQ_CHECKPOINT_CURRENT; field <= AQ_CHECKPOINT_TOTAL && next < argc; field++) {
        if (is_given(argc, argv, next) && !is_number(&argv[next]))
            break;
        numbered = numbered || is_given(argc, argv, next);
        set_value(line, (enum aq_checkpoint_field)field, &argv[next++]);
    }
    for (; next < argc; next++) {
        if (text->length > 0)
            aq_buffer_add_char(text, ' ');
        aq_buffer_add(text, RXSTRPTR(argv[next]), RXSTRLEN(argv[next]));
    }
    if (!numbered)
        find_percent(line, text);
    line->values[AQ_CHECKPOINT_TEXT] = aq_buffer_text(text);
    line->lengths[AQ_CHECKPOINT_TEXT] = text->length;
}

static APIRET APIENTRY checkpoint(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)name, (void)queue;
    static unsigned count;
    aq_autobuffer struct aq_buffer text = {0};
    aq_autofree struct aq_checkpoint_line *line = aq_alloc(sizeof *line);
    snprintf(line->id, sizeof line->id, "%d.%u", (int)getpid(), ++count);
    arrange(argc, argv, line, &text);
    const char *answer = aq_checkpoint_answer_name(aq_checkpoint_ask_host(line));
    result->strlength = (ULONG)snprintf(result->strptr, RXAUTOBUFLEN, "%s", answer);
    return 0;
}

void aq_checkpoint_register(void)
{
    RexxRegisterFunctionExe(FUNCTION, checkpoint);
}

void aq_checkpoint_deregister(void)
{
    RexxDeregisterFunction(FUNCTION);
}
