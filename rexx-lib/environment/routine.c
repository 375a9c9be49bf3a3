/* SPDX-License-Identifier: MIT */
#include "routine.h"

#include <stdio.h>
#include <string.h>

#include "guest/checkpoint_line.h"
#include "rexx.h"
#include "signals.h"

#define ARGUMENTS 5
#define ROUTINE_NOT_FOUND 43 /* Regina's error */

static RXSTRING text_of(const char *text, size_t length)
{
    return (RXSTRING){length, (char *)(text != NULL ? text : "")};
}

static enum aq_checkpoint_answer answer_of(RXSTRING *result)
{
    enum aq_checkpoint_answer answer = AQ_CHECKPOINT_CONTINUE;
    if (result->strptr == NULL)
        return answer;
    const char *from = result->strptr, *end = from + result->strlength;
    while (from < end && *from == ' ')
        from++;
    while (end > from && end[-1] == ' ')
        end--;
    aq_checkpoint_answer_find(from, (size_t)(end - from), &answer);
    RexxFreeMemory(result->strptr);
    return answer;
}

/* An external routine: a small script calls it, for that is how Regina finds one. What cannot be found would
   otherwise be run as a program. */
static enum aq_checkpoint_answer call_external(const char *name, PRXSTRING arguments)
{
    static const char text[] =
        "OPTIONS 'NOEXT_COMMANDS_AS_FUNCS'\n"
        "SIGNAL ON SYNTAX NAME failed\n"
        "DROP result\n"
        "rc = 0\n"
        "CALL '%s' ARG(1), ARG(2), ARG(3), ARG(4), ARG(5)\n"
        "IF rc \\== 0 THEN RETURN 'abort'\n" /* an error in it, which Regina has shown */
        "IF SYMBOL('RESULT') == 'VAR' THEN RETURN result\n"
        "RETURN ''\n"
        "failed:\n"
        "IF rc = %d THEN RETURN '%d'\n"
        "CALL LINEOUT '<stderr>', '%s:' ERRORTEXT(rc)\n"
        "RETURN 'abort'\n";
    char source[1024 + sizeof text];
    int length = snprintf(source, sizeof source, text, name, ROUTINE_NOT_FOUND, ROUTINE_NOT_FOUND, name);
    RXSTRING instore[2] = {{(size_t)length, source}, {0, NULL}};
    RXSTRING result = {0, NULL};
    SHORT ignored = 0;
    APIRET code = RexxStart(ARGUMENTS, arguments, "progress_callback", instore, "QEMU", RXFUNCTION, NULL,
                            &ignored, &result);
    aq_signals_look();
    if (instore[1].strptr != NULL)
        RexxFreeMemory(instore[1].strptr);
    if (code != 0)
        return AQ_CHECKPOINT_ABORT;
    if (RXSTRLEN(result) == 2 && memcmp(result.strptr, "43", 2) == 0) {
        RexxFreeMemory(result.strptr);
        return AQ_CHECKPOINT_NO_ROUTINE;
    }
    return answer_of(&result);
}

enum aq_checkpoint_answer aq_routine_checkpoint(void *data, const struct aq_checkpoint *checkpoint)
{
    (void)data;
    RXSTRING result = {0, NULL};
    SHORT ignored = 0;
    RXSTRING arguments[ARGUMENTS] = {text_of(checkpoint->stage, checkpoint->stage_length),
                                     text_of(checkpoint->current, checkpoint->current_length),
                                     text_of(checkpoint->total, checkpoint->total_length),
                                     text_of(checkpoint->text, checkpoint->text_length),
                                     text_of(checkpoint->vm, strlen(checkpoint->vm))};
    APIRET code = RexxCallBack(checkpoint->routine, ARGUMENTS, arguments, &ignored, &result);
    if (code == RX_CB_BADN)
        return call_external(checkpoint->routine, arguments);
    return answer_of(&result);
}
