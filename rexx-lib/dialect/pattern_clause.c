/* SPDX-License-Identifier: MIT */
/*
 * INTERPOLATION, by name or by an example of what it is to look like, becomes a CALL; so does INTERPOLATION
 * PATTERN, which makes another name. Which patterns there may be has to be known for the strings.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "translation.h"

static void add_pattern(struct aq_translation *translation, struct aq_pattern pattern)
{
    translation->patterns =
        aq_realloc(translation->patterns, (translation->pattern_count + 1) * sizeof *translation->patterns);
    translation->patterns[translation->pattern_count++] = pattern;
}

static bool is_known(const struct aq_translation *translation, const struct aq_token *name)
{
    for (size_t i = 0; i < translation->pattern_count; i++)
        if (strlen(translation->patterns[i].name) == name->length &&
            strncasecmp(translation->patterns[i].name, name->at, name->length) == 0)
            return true;
    return aq_pattern_find(name->at, name->length) != NULL;
}

static void refuse(struct aq_translation *translation, const struct aq_token *word,
                   const struct aq_token *what)
{
    aq_translation_fail(
        translation, word->at, 25,
        "INTERPOLATION %.*s: the patterns are HANDLEBARS ({{x}}), SHELL (${x}), BATCH (%%x%%), DOUBLEDOLLAR "
        "($$x$$), an example such as \"<v>\", and what INTERPOLATION PATTERN name=… start=\"…\" end=\"…\" "
        "has "
        "made; in REXX strings are joined: \"a\" || x",
        aq_shown(what), what->at);
}

/* At `key` behind PATTERN: key=value. */
static bool read_pair(struct aq_reader *ahead, const char *key, enum aq_token_kind kind,
                      struct aq_token *value)
{
    struct aq_token token;
    aq_token_next(ahead, &token);
    if (!aq_token_is(&token, key))
        return false;
    aq_token_next(ahead, &token);
    if (!aq_token_is_char(&token, '='))
        return false;
    aq_token_next(ahead, value);
    return value->kind == kind && memchr(value->at, '\n', value->length) == NULL &&
           (kind != AQ_TOKEN_STRING || value->length > 2);
}

static void define(struct aq_translation *translation, const struct aq_token *word, struct aq_reader ahead)
{
    struct aq_token name, start, end, behind;
    bool fits = read_pair(&ahead, "NAME", AQ_TOKEN_SYMBOL, &name) &&
                read_pair(&ahead, "START", AQ_TOKEN_STRING, &start) &&
                read_pair(&ahead, "END", AQ_TOKEN_STRING, &end);
    const char *stop = ahead.at;
    aq_token_next(&ahead, &behind);
    if (!fits || !aq_token_ends(&behind)) {
        aq_translation_fail(translation, word->at, 25,
                            "INTERPOLATION PATTERN wants name=NAME start=\"…\" end=\"…\", in this order");
        return;
    }
    if (translation->pass == AQ_PASS_LEARN)
        add_pattern(translation, (struct aq_pattern){aq_strndup(name.at, name.length),
                                                     aq_strndup(start.at + 1, start.length - 2),
                                                     aq_strndup(end.at + 1, end.length - 2)});
    if (!translation->writing)
        return;
    aq_translation_replace(translation, word->at, stop);
    aq_buffer_format(translation->out, "CALL \"" AQ_PATTERN_ROUTINE "\" \"%.*s\", %.*s, %.*s",
                     (int)name.length, name.at, (int)start.length, start.at, (int)end.length, end.at);
    translation->in.at = stop;
}

void aq_interpolation(struct aq_translation *translation, const struct aq_token *word)
{
    struct aq_reader ahead = translation->in;
    struct aq_token pattern, behind;
    aq_token_next(&ahead, &pattern);
    const char *stop = ahead.at;
    if (translation->pass == AQ_PASS_LOOK ||
        (pattern.kind != AQ_TOKEN_SYMBOL && pattern.kind != AQ_TOKEN_STRING))
        return;
    if (aq_token_is(&pattern, "PATTERN")) {
        define(translation, word, ahead);
        return;
    }
    aq_token_next(&ahead, &behind);
    bool is_example = pattern.kind == AQ_TOKEN_STRING && memchr(pattern.at, '\n', pattern.length) == NULL;
    struct aq_pattern example = {0};
    if (!aq_token_ends(&behind) ||
        (is_example ? !aq_pattern_of_example(pattern.at + 1, pattern.length - 2, &example)
                    : translation->writing && !is_known(translation, &pattern))) {
        refuse(translation, word, &pattern);
        return;
    }
    if (is_example && translation->pass == AQ_PASS_LEARN)
        add_pattern(translation, example);
    else
        aq_pattern_free(&example);
    if (!translation->writing)
        return;
    aq_translation_replace(translation, word->at, stop);
    aq_buffer_format(translation->out, "CALL \"" AQ_PATTERN_ROUTINE "\" %s%.*s%s", is_example ? "" : "\"",
                     (int)pattern.length, pattern.at, is_example ? "" : "\"");
    translation->in.at = stop;
}

static bool has(const struct aq_pattern *pattern, const char *at, const char *end)
{
    const char *begins, *ends, *name;
    size_t length;
    return aq_pattern_next(pattern, at, end, &begins, &ends, &name, &length);
}

bool aq_has_placeholder(const struct aq_translation *translation, const char *at, const char *end)
{
    if (translation->any_pattern)
        return true;
    for (size_t i = 0; i < aq_pattern_count; i++)
        if (has(&aq_patterns[i], at, end))
            return true;
    for (size_t i = 0; i < translation->pattern_count; i++)
        if (has(&translation->patterns[i], at, end))
            return true;
    return false;
}
