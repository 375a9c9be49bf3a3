/* SPDX-License-Identifier: MIT */
#include "functions.h"

#include <string.h>
#include <strings.h>

/* Regina's own functions under the names that RexxJS gives to their parameters. */
static const struct aq_function functions[] = {
    {"ABS", {"value"}},
    {"LENGTH", {"string"}},
    {"LOWER", {"string"}},
    {"MAX", {"x", "y", "z"}},
    {"MIN", {"x", "y", "z"}},
    {"POS", {"needle", "haystack", "start"}},
    {"REVERSE", {"string"}},
    {"STRIP", {"string", "option", "character"}},
    {"SUBSTR", {"string", "start", "length", "pad"}},
    {"UPPER", {"string"}},
};

static bool same(const char *word, const char *name, size_t length)
{
    return strlen(word) == length && strncasecmp(word, name, length) == 0;
}

const struct aq_function *aq_function_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (same(functions[i].name, name, length))
            return &functions[i];
    return NULL;
}

int aq_function_place(const struct aq_function *function, const char *name, size_t length)
{
    for (int i = 0; function->parameters[i] != NULL; i++)
        if (same(function->parameters[i], name, length))
            return i;
    return -1;
}
