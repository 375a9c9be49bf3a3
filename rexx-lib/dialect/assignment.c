/* SPDX-License-Identifier: MIT */
/*
 * Assignments. o.name = x, where o may hold an object, becomes a call that changes the object, or else the
 * compound variable:
 *     REXXJS!0 = REXXJS_PUT("o.name",(x))
 * and x += e becomes x = x + (e).
 */
#include <string.h>

#include "translation.h"

/* What stands before the = of `x += 1`; the longer ones first. */
static const char *const operators[] = {"||", "//", "**", "+", "-", "*", "/", "%", "&", "|"};

/* The operator at that place if it is one that assigns, or NULL. */
static const char *compound_operator(const char *at, const char *end)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const char *behind = at + strlen(operators[i]);
        if (aq_text_starts(at, end, operators[i]) && aq_text_starts(behind, end, "=") &&
            !aq_text_starts(behind, end, "=="))
            return operators[i];
    }
    return NULL;
}

bool aq_is_compound(const char *at, const char *end)
{
    return compound_operator(at, end) != NULL;
}

static bool is_number(const struct aq_token *symbol)
{
    return (*symbol->at >= '0' && *symbol->at <= '9') || *symbol->at == '.';
}

static bool is_simple(const struct aq_token *symbol)
{
    return memchr(symbol->at, '.', symbol->length) == NULL;
}

/* Whether it is one of Regina's functions that is called there: none of them has objects. */
static bool calls_builtin(const struct aq_reader *behind, const struct aq_token *name)
{
    return aq_text_starts(behind->at, behind->end, "(") && aq_is_builtin(name->at, name->length);
}

/* May the value that begins behind the = be an object? A name or a call alone may, and what is written as
 * one. */
static bool may_be_object(struct aq_reader ahead)
{
    struct aq_token token;
    aq_token_next(&ahead, &token);
    if (token.kind == AQ_TOKEN_OTHER)
        return *token.at == '[' || *token.at == '{' || *token.at == '<' || *token.at == '(';
    if (token.kind == AQ_TOKEN_STRING) /* a routine's name in quotes */
        return aq_text_starts(ahead.at, ahead.end, "(");
    if (token.kind != AQ_TOKEN_SYMBOL || is_number(&token) || calls_builtin(&ahead, &token))
        return false;
    struct aq_token behind = aq_token_peek(&ahead);
    return aq_token_ends(&behind) || behind.kind == AQ_TOKEN_SYMBOL || aq_token_is_char(&behind, '(') ||
           aq_token_is_char(&behind, '[');
}

static void learn(struct aq_translation *translation, const struct aq_token *name)
{
    struct aq_reader value = translation->in;
    value.at = aq_skip_blanks(value.at, value.end) + 1;
    unsigned flags = AQ_NAME_ASSIGNED;
    if (is_simple(name) && may_be_object(value))
        flags |= AQ_NAME_OBJECT;
    aq_names_add(&translation->traits->names, name->at, name->length, flags);
}

/* The assignment to a member begins; `behind` is behind its operator. */
static void begin_put(struct aq_translation *translation, const struct aq_token *name, const char *behind)
{
    aq_translation_replace(translation, name->at, behind);
    aq_buffer_format(translation->out, "REXXJS!0 = REXXJS_PUT(\"%.*s\",(", (int)name->length, name->at);
    translation->closing = "))";
}

void aq_assignment(struct aq_translation *translation, const struct aq_token *name)
{
    if (translation->pass == AQ_PASS_LEARN)
        learn(translation, name);
    else if (translation->writing && aq_may_be_object(translation, name))
        begin_put(translation, name, aq_skip_blanks(translation->in.at, translation->in.end) + 1);
}

bool aq_compound_assignment(struct aq_translation *translation, const struct aq_token *name)
{
    const char *at = aq_skip_blanks(translation->in.at, translation->in.end);
    const char *operator= compound_operator(at, translation->in.end);
    if (operator== NULL || is_number(name))
        return false;
    translation->marked = true;
    translation->is_command = false;
    if (translation->pass == AQ_PASS_LEARN)
        aq_names_add(&translation->traits->names, name->at, name->length, AQ_NAME_ASSIGNED);
    if (!translation->writing)
        return true;
    const char *behind = at + strlen(operator) + 1;
    if (aq_may_be_object(translation, name)) {
        begin_put(translation, name, behind);
        aq_buffer_format(translation->out, "REXXJS_FIELD(\"%.*s\") %s (", (int)name->length,
                         name->at, operator);
        translation->closing = ")))";
    } else {
        aq_translation_replace(translation, at, behind);
        aq_buffer_format(translation->out, "= %.*s %s (", (int)name->length, name->at, operator);
        translation->closing = ")";
    }
    translation->in.at = behind;
    translation->in.operand = false;
    return true;
}

/* LET now = NOW, LET id = UUID: functions without arguments, where no variable has that name. */
static bool is_bare_function(const struct aq_translation *translation, const struct aq_token *token)
{
    struct aq_token behind = aq_token_peek(&translation->in);
    return (aq_token_is(token, "NOW") || aq_token_is(token, "UUID")) && aq_token_ends(&behind) &&
           !(aq_names_flags(&translation->traits->names, token->at, token->length) & AQ_NAME_ASSIGNED);
}

bool aq_assigned_value(struct aq_translation *translation, const struct aq_token *token)
{
    if (!translation->writing || token->kind != AQ_TOKEN_SYMBOL)
        return false;
    if (!is_bare_function(translation, token))
        return aq_call_bare(translation, token, "");
    aq_translation_flush(translation, token->at + token->length);
    aq_buffer_add_text(translation->out, "()");
    return true;
}
