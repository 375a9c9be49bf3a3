/* SPDX-License-Identifier: MIT */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialect/functions.h"
#include "dialect/source.h"
#include "parameters.h"
#include "pool.h"
#include "reason.h"
#include "rexx.h"
#include "routines.h"
#include "util/memory.h"

/* The pattern that holds, and those that the script has made. */
static struct aq_pattern pattern, *own;
static size_t own_count;

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

/* ADDRESS QEMU, under whatever name: the only environments that are registered and fill placeholders. */
static bool fills_itself(const RXSTRING *environment)
{
    aq_autofree char *name = aq_strndup(environment->strptr, environment->strlength);
    USHORT registered = RXSUBCOM_NOTREG;
    return RexxQuerySubcom(name, NULL, &registered, NULL) == RXSUBCOM_OK;
}

/* A member of an object, a variable, or a KEY=VALUE of the command line. */
static bool add_value(struct aq_buffer *to, const char *name, size_t length)
{
    return (memchr(name, '.', length) != NULL && aq_routines_field(name, length, to)) ||
           aq_pool_fetch(name, length, to) || aq_parameter_find(name, length, to);
}

/* Fills the placeholders of the pattern that holds; one whose variable has no value stays as it is. For an
 * environment that fills {{x}} itself they are only brought into that form. */
static void fill(const RXSTRING *text, bool for_environment, struct aq_buffer *to)
{
    const char *at = text->strptr, *end = at + text->strlength, *begins, *ends, *name;
    size_t length;
    while (aq_pattern_next(&pattern, at, end, &begins, &ends, &name, &length)) {
        aq_buffer_add(to, at, (size_t)(begins - at));
        if (for_environment)
            aq_buffer_format(to, "{{%.*s}}", (int)length, name);
        else if (!add_value(to, name, length))
            aq_buffer_add(to, begins, (size_t)(ends - begins));
        at = ends;
    }
    aq_buffer_add(to, at, (size_t)(end - at));
}

static APIRET APIENTRY text(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)queue;
    if (argc < 1 || argv[0].strptr == NULL)
        return (APIRET)aq_reason_set("%s: the text is missing", routine);
    aq_autobuffer struct aq_buffer filled = {0};
    fill(&argv[0], argc > 1 && argv[1].strptr != NULL && fills_itself(&argv[1]), &filled);
    give(result, aq_buffer_text(&filled), filled.length);
    return 0;
}

static const struct aq_pattern *find_pattern(const RXSTRING *name)
{
    for (size_t i = own_count; i-- > 0;)
        if (strlen(own[i].name) == name->strlength &&
            strncasecmp(own[i].name, name->strptr, name->strlength) == 0)
            return &own[i];
    return aq_pattern_find(name->strptr, name->strlength);
}

static void keep_pattern(struct aq_pattern made)
{
    own = aq_realloc(own, (own_count + 1) * sizeof *own);
    own[own_count++] = made;
}

/* (name) or (example) chooses a pattern; (name, open, close) makes one. */
static APIRET APIENTRY set_pattern(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)queue;
    struct aq_pattern example;
    const struct aq_pattern *chosen = NULL;
    if (argc == 3 && RXVALIDSTRING(argv[0]) && RXVALIDSTRING(argv[1]) && RXVALIDSTRING(argv[2])) {
        keep_pattern((struct aq_pattern){aq_strndup(argv[0].strptr, argv[0].strlength),
                                         aq_strndup(argv[1].strptr, argv[1].strlength),
                                         aq_strndup(argv[2].strptr, argv[2].strlength)});
        give(result, argv[0].strptr, argv[0].strlength);
        return 0;
    }
    if (argc == 1 && RXVALIDSTRING(argv[0])) {
        chosen = find_pattern(&argv[0]);
        if (chosen == NULL && aq_pattern_of_example(argv[0].strptr, argv[0].strlength, &example)) {
            keep_pattern(example);
            chosen = &own[own_count - 1];
        }
    }
    if (chosen == NULL)
        return (APIRET)aq_reason_set("%s: there is no such pattern; known are HANDLEBARS, SHELL, BATCH, "
                                     "DOUBLEDOLLAR, and examples such as <v>",
                                     routine);
    pattern = *chosen;
    give(result, chosen->name, strlen(chosen->name));
    return 0;
}

/* The code in plain REXX. Its strings may mean what the script's do. */
static APIRET APIENTRY translate(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)routine, (void)queue;
    aq_autobuffer struct aq_buffer out = {0};
    struct aq_source_traits traits = {0};
    struct aq_source_problem problem;
    if (argc < 1 || argv[0].strptr == NULL)
        return (APIRET)aq_reason_set("INTERPRET has nothing to interpret");
    int done =
        aq_source_prepare(argv[0].strptr, argv[0].strlength, AQ_DIALECT_FRAGMENT, &out, &traits, &problem);
    aq_source_traits_free(&traits);
    if (done < 0)
        return (APIRET)aq_reason_set("INTERPRET, line %d: %s", problem.line, problem.text);
    give(result, aq_buffer_text(&out), out.length);
    return 0;
}

static bool is_number(const RXSTRING *value, double *number)
{
    aq_autofree char *copy = aq_strndup(value->strptr, value->strlength);
    char *end;
    *number = strtod(copy, &end);
    end += strspn(end, " ");
    return end != copy && *end == '\0' && strpbrk(copy, "xXnN") == NULL;
}

static bool equal(const RXSTRING *value, const RXSTRING *expected)
{
    double a, b;
    if (is_number(value, &a) && is_number(expected, &b))
        return a == b;
    return value->strlength == expected->strlength &&
           memcmp(value->strptr, expected->strptr, value->strlength) == 0;
}

/* (value, expected): 0, or the end of the script. */
static APIRET APIENTRY expect(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)routine, (void)queue;
    if (argc != 2 || argv[0].strptr == NULL || argv[1].strptr == NULL)
        return (APIRET)aq_reason_set("EXPECT wants a value and what is expected of it");
    if (!equal(&argv[0], &argv[1]))
        return (APIRET)aq_reason_set("EXPECT: \"%.*s\" expected, but \"%.*s\" encountered",
                                     (int)(argv[1].strlength < 200 ? argv[1].strlength : 200), argv[1].strptr,
                                     (int)(argv[0].strlength < 200 ? argv[0].strlength : 200),
                                     argv[0].strptr);
    give(result, "0", 1);
    return 0;
}

void aq_runtime_register(void)
{
    pattern = aq_patterns[0];
    RexxRegisterFunctionExe(AQ_TEXT_FUNCTION, text);
    RexxRegisterFunctionExe(AQ_PATTERN_ROUTINE, set_pattern);
    RexxRegisterFunctionExe("SET_INTERPOLATION", set_pattern);
    RexxRegisterFunctionExe(AQ_TRANSLATE_FUNCTION, translate);
    RexxRegisterFunctionExe(AQ_EXPECT_FUNCTION, expect);
}
