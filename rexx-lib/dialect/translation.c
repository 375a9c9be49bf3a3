/* SPDX-License-Identifier: MIT */
#include "translation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void aq_translation_replace(struct aq_translation *translation, const char *from, const char *to)
{
    if (from > translation->copied)
        aq_buffer_add(translation->out, translation->copied, (size_t)(from - translation->copied));
    translation->copied = to;
}

size_t aq_translation_flush(struct aq_translation *translation, const char *at)
{
    if (at > translation->copied)
        aq_translation_replace(translation, at, at);
    return translation->out->length;
}

void aq_translation_insert(struct aq_translation *translation, size_t at, const char *text)
{
    struct aq_buffer *out = translation->out;
    size_t length = strlen(text), behind = out->length - at;
    aq_buffer_room(out, length);
    memmove(out->data + at + length, out->data + at, behind);
    memcpy(out->data + at, text, length);
    aq_buffer_filled(out, length);
}

void aq_translation_pad(struct aq_translation *translation, const char *from, const char *to)
{
    size_t lines = 0;
    for (const char *at = from; at < to; at++)
        lines += *at == '\n';
    if (lines == 0)
        return;
    aq_buffer_add_text(translation->out, "/*");
    while (lines-- > 0)
        aq_buffer_add_char(translation->out, '\n');
    aq_buffer_add_text(translation->out, "*/");
}

void aq_translation_fail(struct aq_translation *translation, const char *at, int error, const char *format,
                         ...)
{
    if (translation->failed || !translation->writing)
        return;
    translation->failed = true;
    struct aq_source_problem *problem = translation->problem;
    problem->error = error;
    problem->line = 1;
    for (const char *c = translation->text; c < at; c++)
        problem->line += *c == '\n';
    va_list args;
    va_start(args, format);
    vsnprintf(problem->text, sizeof problem->text, format, args);
    va_end(args);
}

bool aq_in_expression(const struct aq_translation *translation)
{
    bool second = translation->previous->at == translation->first->at;
    switch (translation->keyword) {
    case AQ_KEYWORD_ARG:
    case AQ_KEYWORD_SIGNAL:
    case AQ_KEYWORD_OTHER:
    case AQ_KEYWORD_END:
    case AQ_KEYWORD_ITERATE:
        return false;
    case AQ_KEYWORD_PARSE:
        return !translation->has_with && translation->has_value;
    case AQ_KEYWORD_CALL:
        return !second;
    case AQ_KEYWORD_ADDRESS:
        return !second && !translation->has_with;
    default:
        return true;
    }
}

void aq_translation_free(struct aq_translation *translation)
{
    aq_bracket_drop_all(translation);
    for (size_t i = 0; i < translation->pattern_count; i++)
        aq_pattern_free(&translation->patterns[i]);
    free(translation->patterns);
    free(translation->blocks);
    free(translation->brackets);
}
