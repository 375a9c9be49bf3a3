/* SPDX-License-Identifier: MIT */
/* What is open: parentheses in every pass but the first, brackets and braces likewise. a[i] becomes
 * REXXJS_AT(a,i). */
#include "bracket.h"

#include <stdlib.h>
#include <string.h>

struct aq_bracket *aq_bracket_push(struct aq_translation *translation, enum aq_bracket_kind kind,
                                   const struct aq_token *opener)
{
    if (translation->bracket_count == translation->bracket_room) {
        translation->bracket_room = translation->bracket_room * 2 + 8;
        translation->brackets =
            aq_realloc(translation->brackets, translation->bracket_room * sizeof *translation->brackets);
    }
    struct aq_bracket *bracket = &translation->brackets[translation->bracket_count++];
    *bracket = (struct aq_bracket){.kind = kind, .opener = *opener};
    translation->in.brackets += kind >= AQ_BRACKET_INDEX;
    return bracket;
}

void aq_bracket_pop(struct aq_translation *translation)
{
    struct aq_bracket *bracket = &translation->brackets[--translation->bracket_count];
    translation->in.brackets -= bracket->kind >= AQ_BRACKET_INDEX;
    free(bracket->letters);
}

void aq_bracket_drop_all(struct aq_translation *translation)
{
    while (translation->bracket_count > 0)
        aq_bracket_pop(translation);
}

void aq_bracket_gap(struct aq_translation *translation, const char *from)
{
    if (translation->in.brackets == 0)
        return;
    struct aq_reader ahead = translation->in;
    struct aq_token next;
    do
        aq_token_next(&ahead, &next);
    while (next.kind == AQ_TOKEN_SLASHES || next.kind == AQ_TOKEN_UNCLEAR);
    if (memchr(from, '\n', (size_t)(next.at - from)) == NULL)
        return;
    aq_translation_pad(translation, from, next.at);
    translation->copied = translation->in.at = next.at;
    translation->in.continued = false;
}

/* Whether what came last is a value that an index may follow. */
static bool follows_value(const struct aq_translation *translation, const struct aq_token *token)
{
    const struct aq_token *previous = translation->previous;
    bool keyword = previous->at == translation->first->at && translation->keyword != AQ_KEYWORD_NONE;
    return previous->at != NULL && previous->at + previous->length == token->at && !keyword &&
           ((previous->kind == AQ_TOKEN_SYMBOL && !(*previous->at >= '0' && *previous->at <= '9')) ||
            aq_token_is_char(previous, ')') || aq_token_is_char(previous, ']'));
}

static void open_index(struct aq_translation *translation, const struct aq_token *token)
{
    const struct aq_token *name = translation->previous;
    if (name->at == translation->first->at)
        aq_translation_fail(
            translation, token->at, 13,
            "%.*s[…] = … is not supported; an element is set by %.*s = ARRAY_SET(%.*s, index, "
            "value), and in REXX a stem's by %.*s.i = value",
            aq_shown(name), name->at, aq_shown(name), name->at, aq_shown(name), name->at, aq_shown(name),
            name->at);
    struct aq_bracket *index = aq_bracket_push(translation, AQ_BRACKET_INDEX, token);
    if (!translation->writing)
        return;
    aq_translation_replace(translation, token->at, token->at + 1);
    aq_translation_insert(translation, translation->operand, "REXXJS_AT(");
    index->start = translation->operand;
    aq_bracket_gap(translation, token->at + 1);
    aq_buffer_add_char(translation->out, ',');
}

void aq_bracket_open(struct aq_translation *translation, const struct aq_token *token)
{
    if (translation->pass != AQ_PASS_LEARN && !translation->writing)
        return;
    if (*token->at == '(')
        aq_call_open(translation, token);
    else if (*token->at == '[' && follows_value(translation, token))
        open_index(translation, token);
    else
        aq_literal_open(translation, token);
}

void aq_bracket_comma(struct aq_translation *translation, const struct aq_token *token)
{
    struct aq_bracket *bracket = aq_bracket_innermost(translation);
    if (!translation->writing || bracket == NULL)
        return;
    switch (bracket->kind) {
    case AQ_BRACKET_CALL:
        aq_call_comma(translation, bracket, token);
        break;
    case AQ_BRACKET_ARRAY:
    case AQ_BRACKET_OBJECT:
        aq_literal_comma(translation, bracket, token);
        break;
    case AQ_BRACKET_INDEX:
        aq_translation_fail(translation, token->at, 13, "an index in brackets is one value");
        break;
    default:
        break;
    }
}

/* The brace, bracket or parenthesis that closes this one. */
static char closing_of(const struct aq_bracket *bracket)
{
    static const char closings[] = {
        [AQ_BRACKET_PLAIN] = ')', [AQ_BRACKET_CALL] = ')',  [AQ_BRACKET_BARE] = 0,
        [AQ_BRACKET_INDEX] = ']', [AQ_BRACKET_ARRAY] = ']', [AQ_BRACKET_OBJECT] = '}'};
    return closings[bracket->kind];
}

void aq_bracket_close(struct aq_translation *translation, const struct aq_token *token)
{
    struct aq_bracket *bracket = aq_bracket_innermost(translation);
    if (translation->pass != AQ_PASS_LEARN && !translation->writing)
        return;
    if (bracket == NULL || closing_of(bracket) != *token->at) {
        if (*token->at != ')') /* a parenthesis too many is Regina's to find */
            aq_translation_fail(translation, token->at, 13, "this %c closes nothing", *token->at);
        return;
    }
    aq_close_nots(translation, token->at);
    if (translation->writing)
        switch (bracket->kind) {
        case AQ_BRACKET_CALL:
            aq_call_close(translation, bracket, token->at);
            break;
        case AQ_BRACKET_ARRAY:
        case AQ_BRACKET_OBJECT:
            aq_literal_close(translation, bracket, token);
            break;
        case AQ_BRACKET_INDEX:
            aq_translation_replace(translation, token->at, token->at + 1);
            aq_buffer_add_char(translation->out, ')');
            break;
        default:
            aq_translation_flush(translation, token->at + 1);
            break;
        }
    translation->operand = bracket->start;
    translation->operand_known = true;
    aq_bracket_pop(translation);
}

bool aq_bracket_token(struct aq_translation *translation, const struct aq_token *token)
{
    struct aq_bracket *bracket = aq_bracket_innermost(translation);
    if (!translation->writing)
        return false;
    if (translation->in.brackets > 0 &&
        memchr(translation->previous_end, '\n', (size_t)(token->at - translation->previous_end)) != NULL) {
        aq_translation_flush(translation, translation->previous_end);
        aq_translation_pad(translation, translation->previous_end, token->at);
        translation->copied = token->at;
    }
    if (bracket->kind == AQ_BRACKET_BARE && aq_call_next(translation, bracket, token))
        return true;
    bool separates = aq_token_is_char(token, ',') || aq_token_is_char(token, closing_of(bracket));
    if (!separates && bracket->tokens++ == 0)
        bracket->token = *token;
    return false;
}

void aq_bracket_end(struct aq_translation *translation)
{
    const struct aq_token *last = translation->previous;
    while (translation->bracket_count > 0) {
        struct aq_bracket *bracket = aq_bracket_innermost(translation);
        if (bracket->kind == AQ_BRACKET_BARE && translation->writing)
            aq_call_close(translation, bracket, last->at + last->length);
        else if (bracket->kind >= AQ_BRACKET_INDEX)
            aq_translation_fail(translation, bracket->opener.at, 13, "this %c is never closed",
                                *bracket->opener.at);
        aq_bracket_pop(translation);
    }
}
