/* SPDX-License-Identifier: MIT */
/*
 * [1, "x", y] becomes REXXJS_ARRAY("vsv",1,"x",y) and {"a": 1, b: x} REXXJS_OBJECT("vv","a",1,"b",x). The
 * letters say which elements are strings whatever they look like: those that are written as such.
 */
#include <string.h>

#include "bracket.h"

/* At `name:` of an object. */
static void take_key(struct aq_translation *translation)
{
    struct aq_reader ahead = translation->in;
    struct aq_token key, colon;
    aq_token_next(&ahead, &key);
    if (aq_token_is_char(&key, '}'))
        return;
    aq_token_next(&ahead, &colon);
    if ((key.kind != AQ_TOKEN_STRING && key.kind != AQ_TOKEN_SYMBOL) || !aq_token_is_char(&colon, ':')) {
        aq_translation_fail(translation, key.at, 13,
                            "an object in braces is {name: value, …}; in REXX a stem holds fields: o.name = "
                            "value");
        return;
    }
    if (key.kind == AQ_TOKEN_STRING)
        aq_text_key(translation, &key);
    else
        aq_buffer_format(translation->out, "\"%.*s\"", (int)key.length, key.at);
    aq_translation_pad(translation, key.at, ahead.at);
    translation->in.at = translation->copied = ahead.at;
    aq_bracket_gap(translation, ahead.at);
    aq_buffer_add_char(translation->out, ',');
}

/* Whether a value may stand where the bracket does. What follows another without an operator is an index that
 * was written apart, or a block of another language. */
static bool may_stand(const struct aq_translation *translation, const struct aq_token *token)
{
    const struct aq_token *previous = translation->previous;
    bool keyword = previous->at == translation->first->at && translation->keyword != AQ_KEYWORD_NONE;
    bool behind_word = aq_token_is(previous, "WHILE") || aq_token_is(previous, "UNTIL") ||
                       aq_token_is(previous, "TO") || aq_token_is(previous, "VALUE") ||
                       aq_token_is(previous, "AND") || aq_token_is(previous, "OR");
    bool name_of_call = translation->keyword == AQ_KEYWORD_CALL && previous->kind == AQ_TOKEN_SYMBOL &&
                        previous->at > translation->first->at;
    if (token->first || !aq_in_expression(translation))
        return false;
    return keyword || behind_word || name_of_call ||
           (previous->kind == AQ_TOKEN_OTHER && *previous->at != ')' && *previous->at != ']');
}

void aq_literal_open(struct aq_translation *translation, const struct aq_token *token)
{
    bool is_array = *token->at == '[';
    struct aq_bracket *literal =
        aq_bracket_push(translation, is_array ? AQ_BRACKET_ARRAY : AQ_BRACKET_OBJECT, token);
    if (!translation->writing)
        return;
    if (!may_stand(translation, token)) {
        aq_translation_fail(
            translation, token->at, 13,
            is_array ? "[…] here is neither an array nor an index, which follows its array without a "
                       "blank; in REXX a stem holds a list: a.0 = 2; a.1 = 'first'; a.2 = 'second'"
                     : "{…} here is no object, and REXX has no braces around clauses: DO … END; a stem "
                       "holds fields: o.name = value");
        return;
    }
    literal->start = aq_translation_flush(translation, token->at);
    aq_translation_replace(translation, token->at, token->at + 1);
    aq_buffer_add_text(translation->out, is_array ? "REXXJS_ARRAY(\"" : "REXXJS_OBJECT(\"");
    literal->letters_at = translation->out->length;
    aq_buffer_add_char(translation->out, '"');
    aq_bracket_gap(translation, token->at + 1);
    aq_buffer_add_char(translation->out, ',');
    if (!is_array)
        take_key(translation);
}

/* The element has come to its end. */
static void end_element(struct aq_bracket *literal)
{
    bool is_string = literal->tokens == 1 &&
                     (literal->token.kind == AQ_TOKEN_STRING || literal->token.kind == AQ_TOKEN_BACKQUOTED);
    literal->letters = aq_realloc(literal->letters, literal->letter_count + 2);
    literal->letters[literal->letter_count++] = is_string ? 's' : 'v';
    literal->letters[literal->letter_count] = '\0';
    literal->tokens = 0;
}

void aq_literal_comma(struct aq_translation *translation, struct aq_bracket *literal,
                      const struct aq_token *token)
{
    end_element(literal);
    aq_translation_replace(translation, token->at, token->at + 1);
    aq_bracket_gap(translation, token->at + 1);
    aq_buffer_add_char(translation->out, ',');
    if (literal->kind == AQ_BRACKET_OBJECT)
        take_key(translation);
}

void aq_literal_close(struct aq_translation *translation, struct aq_bracket *literal,
                      const struct aq_token *token)
{
    if (literal->tokens > 0)
        end_element(literal);
    aq_translation_replace(translation, token->at, token->at + 1);
    aq_buffer_add_char(translation->out, ')');
    if (literal->letters != NULL)
        aq_translation_insert(translation, literal->letters_at, literal->letters);
}
