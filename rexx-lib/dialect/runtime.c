/* SPDX-License-Identifier: MIT */
#include "runtime.h"

#include <stdio.h>
#include <string.h>

#include "functions.h"
#include "rexx.h"
#include "util/memory.h"

#define INVALID_CALL 1 /* makes Regina raise SYNTAX 40 */

static const struct aq_pattern *pattern = &aq_patterns[0];

static void give(PRXSTRING result, const char *text, size_t length)
{
    if (length > RXAUTOBUFLEN)
        result->strptr = RexxAllocateMemory(length);
    if (result->strptr == NULL)
        aq_panic("out of memory");
    if (length > 0)
        memcpy(result->strptr, text, length);
    result->strlength = length;
}

/* Appends the caller's variable; false, and nothing, if it has no value. */
static bool add_variable(struct aq_buffer *to, const char *name, size_t length)
{
    SHVBLOCK block = {.shvcode = RXSHV_SYFET,
                      .shvname = {.strptr = (char *)name, .strlength = length},
                      .shvnamelen = length};
    RexxVariablePool(&block);
    bool set = block.shvret == RXSHV_OK;
    if (set)
        aq_buffer_add(to, block.shvvalue.strptr, block.shvvalue.strlength);
    if (block.shvvalue.strptr != NULL)
        RexxFreeMemory(block.shvvalue.strptr);
    return set;
}

/* ADDRESS QEMU, under whatever name: the only environments that are registered and fill placeholders. */
static bool fills_itself(const RXSTRING *environment)
{
    aq_autofree char *name = aq_strndup(environment->strptr, environment->strlength);
    USHORT registered = RXSUBCOM_NOTREG;
    return RexxQuerySubcom(name, NULL, &registered, NULL) == RXSUBCOM_OK;
}

/* Fills the placeholders of the pattern that holds; one whose variable has no value stays as it is. For an
 * environment that fills {{x}} itself they are only brought into that form. */
static void fill(const RXSTRING *text, bool for_environment, struct aq_buffer *to)
{
    const char *at = text->strptr, *end = at + text->strlength, *begins, *ends, *name;
    size_t length;
    while (aq_pattern_next(pattern, at, end, &begins, &ends, &name, &length)) {
        aq_buffer_add(to, at, (size_t)(begins - at));
        if (for_environment)
            aq_buffer_format(to, "{{%.*s}}", (int)length, name);
        else if (!add_variable(to, name, length))
            aq_buffer_add(to, begins, (size_t)(ends - begins));
        at = ends;
    }
    aq_buffer_add(to, at, (size_t)(end - at));
}

static APIRET APIENTRY text(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)routine, (void)queue;
    if (argc < 1 || argv[0].strptr == NULL)
        return INVALID_CALL;
    aq_autobuffer struct aq_buffer filled = {0};
    fill(&argv[0], argc > 1 && argv[1].strptr != NULL && fills_itself(&argv[1]), &filled);
    give(result, aq_buffer_text(&filled), filled.length);
    return 0;
}

static APIRET APIENTRY set_pattern(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)routine, (void)queue;
    const struct aq_pattern *chosen =
        argc == 1 && argv[0].strptr != NULL ? aq_pattern_find(argv[0].strptr, argv[0].strlength) : NULL;
    if (chosen == NULL)
        return INVALID_CALL;
    pattern = chosen;
    give(result, chosen->name, strlen(chosen->name));
    return 0;
}

void aq_runtime_register(void)
{
    pattern = &aq_patterns[0];
    RexxRegisterFunctionExe(AQ_TEXT_FUNCTION, text);
    RexxRegisterFunctionExe(AQ_PATTERN_ROUTINE, set_pattern);
    RexxRegisterFunctionExe("SET_INTERPOLATION", set_pattern);
}
