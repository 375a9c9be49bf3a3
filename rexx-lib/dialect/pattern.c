/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "functions.h"
#include "token.h"
#include "util/memory.h"

const struct aq_pattern aq_patterns[] = {
    {"HANDLEBARS", "{{", "}}"}, /* the one that holds until another is chosen */
    {"SHELL", "${", "}"},       {"BATCH", "%", "%"}, {"DOUBLEDOLLAR", "$$", "$$"}, {"DEFAULT", "{{", "}}"},
};
const size_t aq_pattern_count = sizeof aq_patterns / sizeof *aq_patterns;

const struct aq_pattern *aq_pattern_find(const char *name, size_t length)
{
    for (size_t i = 0; i < aq_pattern_count; i++)
        if (strlen(aq_patterns[i].name) == length && strncasecmp(aq_patterns[i].name, name, length) == 0)
            return &aq_patterns[i];
    return NULL;
}

bool aq_pattern_of_example(const char *example, size_t length, struct aq_pattern *pattern)
{
    const char *name = length > 2 ? memchr(example + 1, 'v', length - 2) : NULL;
    if (name == NULL)
        return false;
    *pattern = (struct aq_pattern){.name = aq_strndup(example, length),
                                   .open = aq_strndup(example, (size_t)(name - example)),
                                   .close = aq_strndup(name + 1, length - (size_t)(name - example) - 1)};
    return true;
}

void aq_pattern_free(struct aq_pattern *pattern)
{
    free(pattern->name);
    free(pattern->open);
    free(pattern->close);
    *pattern = (struct aq_pattern){0};
}

/* A variable's name: a symbol that does not begin with a digit or a period. It ends where the closing mark
 * may begin: $ would hide the end of $$x$$. */
static size_t name_length(const char *at, const char *end, char closing)
{
    size_t length = 0;
    if (at == end || (*at >= '0' && *at <= '9') || *at == '.')
        return 0;
    while (at + length < end && aq_is_symbol_char(at[length]) && at[length] != closing && at[length] != '$')
        length++;
    return length;
}

bool aq_pattern_next(const struct aq_pattern *pattern, const char *at, const char *end, const char **begins,
                     const char **ends, const char **name, size_t *length)
{
    size_t open = strlen(pattern->open);
    for (; (at = memchr(at, pattern->open[0], (size_t)(end - at))) != NULL; at++) {
        if (!aq_text_starts(at, end, pattern->open))
            continue;
        *name = aq_skip_blanks(at + open, end);
        *length = name_length(*name, end, pattern->close[0]);
        const char *close = aq_skip_blanks(*name + *length, end);
        if (*length == 0 || !aq_text_starts(close, end, pattern->close))
            continue;
        *begins = at;
        *ends = close + strlen(pattern->close);
        return true;
    }
    return false;
}
