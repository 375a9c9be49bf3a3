/* SPDX-License-Identifier: MIT */
#include "functions.h"

#include <string.h>
#include <strings.h>

#include "functions/list.h"

#define AQ_ENTRY(handler, name, objects, ...) {name, objects, {__VA_ARGS__}},

static const struct aq_function ours[] = {AQ_FUNCTION_LIST(AQ_ENTRY)};
static const struct aq_function helpers[] = {AQ_HELPER_LIST(AQ_ENTRY)};

/* Regina's own functions under the names that RexxJS gives to their parameters. */
static const struct aq_function reginas[] = {
    {"ABS", AQ_OBJECT_NONE, {"value"}},
    {"LENGTH", AQ_OBJECT_NONE, {"string"}},
    {"LOWER", AQ_OBJECT_NONE, {"string"}},
    {"MAX", AQ_OBJECT_NONE, {"x", "y", "z"}},
    {"MIN", AQ_OBJECT_NONE, {"x", "y", "z"}},
    {"POS", AQ_OBJECT_NONE, {"needle", "haystack", "start"}},
    {"REVERSE", AQ_OBJECT_NONE, {"string"}},
    {"STRIP", AQ_OBJECT_NONE, {"string", "option", "character"}},
    {"SUBSTR", AQ_OBJECT_NONE, {"string", "start", "length", "pad"}},
    {"UPPER", AQ_OBJECT_NONE, {"string"}},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool same(const char *word, const char *name, size_t length)
{
    return (*word & ~0x20) == (*name & ~0x20) && strlen(word) == length &&
           strncasecmp(word, name, length) == 0;
}

static const struct aq_function *find(const struct aq_function *table, size_t count, const char *name,
                                      size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (same(table[i].name, name, length))
            return &table[i];
    return NULL;
}

const struct aq_function *aq_function_find(const char *name, size_t length)
{
    const struct aq_function *found = find(ours, COUNT(ours), name, length);
    if (found == NULL)
        found = find(reginas, COUNT(reginas), name, length);
    return found != NULL ? found : find(helpers, COUNT(helpers), name, length);
}

bool aq_function_is_ours(const char *name, size_t length)
{
    return find(ours, COUNT(ours), name, length) != NULL;
}

const char *aq_function_name(size_t n)
{
    return n < COUNT(ours) ? ours[n].name : NULL;
}

const char *aq_helper_name(size_t n)
{
    return n < COUNT(helpers) ? helpers[n].name : NULL;
}

/* Is it among the words of "text|string|json"? */
static bool is_among(const char *words, const char *name, size_t length)
{
    while (*words != '\0') {
        size_t word = strcspn(words, "|");
        if (word == length && strncasecmp(words, name, length) == 0)
            return true;
        words += word + (words[word] == '|');
    }
    return false;
}

int aq_function_place(const struct aq_function *function, const char *name, size_t length)
{
    for (int i = 0; function->parameters[i] != NULL; i++)
        if (is_among(function->parameters[i], name, length))
            return i;
    return -1;
}
