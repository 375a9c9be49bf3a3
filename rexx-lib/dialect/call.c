/* SPDX-License-Identifier: MIT */
/*
 * f(b=2, a=1) becomes f(1, 2) where the function's parameters are known. Elsewhere `f(b=2)` could be a
 * comparison or a named argument, and is refused: (b=2) in parentheses of its own is the comparison. f b=2
 * a=1 is the same without parentheses.
 */
#include <stdlib.h>
#include <string.h>

#include "bracket.h"

/* At an argument's beginning: takes `name=` away. */
static void take_name(struct aq_translation *translation, struct aq_bracket *call)
{
    struct aq_reader ahead = translation->in;
    struct aq_token name, equals;
    aq_token_next(&ahead, &name);
    if (name.kind != AQ_TOKEN_SYMBOL)
        return;
    aq_token_next(&ahead, &equals);
    if (!aq_token_is_char(&equals, '=') || aq_text_starts(ahead.at, ahead.end, "="))
        return;
    int place = call->function != NULL ? aq_function_place(call->function, name.at, name.length) : -1;
    if (place < 0) {
        aq_translation_fail(
            translation, name.at, 40,
            "%.*s(%.*s=…): no parameter of that name is known; in REXX arguments go by their place, "
            "and a comparison as an argument is written (%.*s=…)",
            aq_shown(&call->opener), call->opener.at, aq_shown(&name), name.at, aq_shown(&name), name.at);
        return;
    }
    call->has_names = true;
    call->arguments[call->count - 1].place = place;
    aq_translation_flush(translation, name.at);
    aq_translation_replace(translation, translation->copied, ahead.at);
    translation->in.at = ahead.at;
    translation->in.operand = false;
}

static void begin_argument(struct aq_translation *translation, struct aq_bracket *call, const char *at)
{
    call->tokens = 0;
    if (call->function != NULL && call->count == AQ_PARAMETERS_MAX) /* more than it has: its own to refuse */
        call->function = NULL;
    if (call->function != NULL) {
        call->arguments[call->count].place = call->count;
        call->arguments[call->count].from = aq_translation_flush(translation, at);
        call->count++;
    }
    take_name(translation, call);
}

/* Whether the argument that ends is a variable's name and to be passed as an object. */
static bool passes_object(const struct aq_bracket *call)
{
    const struct aq_token *name = &call->token;
    int place = call->arguments[call->count - 1].place;
    return call->tokens == 1 && name->kind == AQ_TOKEN_SYMBOL && !(*name->at >= '0' && *name->at <= '9') &&
           *name->at != '.' &&
           (call->function->objects == AQ_OBJECT_ALL ||
            (call->function->objects == AQ_OBJECT_FIRST && place == 0));
}

static void end_argument(struct aq_translation *translation, struct aq_bracket *call, const char *at)
{
    if (call->function == NULL || call->count == 0)
        return;
    struct aq_bracket_argument *argument = &call->arguments[call->count - 1];
    argument->to = aq_translation_flush(translation, at);
    const char *written = translation->out->data + argument->from;
    size_t blanks = strspn(written, " \t");
    if (passes_object(call) && strncmp(written + blanks, "REXXJS", 6) != 0) {
        translation->out->length = argument->from;
        aq_buffer_format(translation->out, "REXXJS_VALUE(\"%.*s\")", (int)call->token.length, call->token.at);
        argument->to = translation->out->length;
    }
}

/* Whether the call that begins here is all that there is in its clause. */
static bool is_whole_clause(const struct aq_translation *translation)
{
    struct aq_reader ahead = translation->in;
    struct aq_token token;
    int depth = 1;
    for (aq_token_next(&ahead, &token); depth > 0 && !aq_token_ends(&token); aq_token_next(&ahead, &token))
        depth += aq_token_is_char(&token, '(') ? 1 : aq_token_is_char(&token, ')') ? -1 : 0;
    return depth == 0 && aq_token_ends(&token);
}

/* What is known of the function, unless the script has a routine of that name. SLEEP is known by another. */
static const struct aq_function *function_of(const struct aq_translation *translation,
                                             const struct aq_token *name)
{
    if (aq_names_flags(&translation->traits->names, name->at, name->length) & AQ_NAME_LABEL)
        return NULL;
    return aq_token_is(name, "SLEEP") ? aq_function_find(AQ_SLEEP_FUNCTION, strlen(AQ_SLEEP_FUNCTION))
                                      : aq_function_find(name->at, name->length);
}

/* Writes the name, as far as it has not been written; where in `out` it begins. */
static size_t write_name(struct aq_translation *translation, const struct aq_token *name,
                         const struct aq_function *function)
{
    if (translation->copied > name->at)
        return translation->operand;
    size_t start = aq_translation_flush(translation, name->at);
    aq_translation_replace(translation, name->at, name->at + name->length);
    if (function != NULL && aq_token_is(name, "SLEEP"))
        aq_buffer_add_text(translation->out, AQ_SLEEP_FUNCTION);
    else
        aq_buffer_add(translation->out, name->at, name->length);
    return start;
}

void aq_call_name(struct aq_translation *translation, const struct aq_token *name)
{
    if (aq_token_is(name, "SLEEP"))
        write_name(translation, name, function_of(translation, name));
}

void aq_call_open(struct aq_translation *translation, const struct aq_token *token)
{
    const struct aq_token name = *translation->previous;
    bool is_call = name.kind == AQ_TOKEN_SYMBOL && name.at + name.length == token->at;
    struct aq_bracket *call =
        aq_bracket_push(translation, is_call ? AQ_BRACKET_CALL : AQ_BRACKET_PLAIN, is_call ? &name : token);
    if (!translation->writing)
        return;
    if (!is_call) {
        call->start = aq_translation_flush(translation, token->at);
        return;
    }
    call->function = function_of(translation, &name);
    call->start = write_name(translation, &name, call->function);
    if (translation->is_command && name.at == translation->first->at && is_whole_clause(translation)) {
        aq_translation_insert(translation, call->start, "CALL ");
        aq_translation_replace(translation, token->at, token->at + 1);
        aq_buffer_add_char(translation->out, ' ');
        call->is_clause = true;
        translation->is_command = false;
    }
    begin_argument(translation, call, token->at + 1);
}

/* A comma at a line's end continues the line and separates nothing. */
static bool continues_line(const struct aq_translation *translation, const struct aq_token *comma)
{
    const char *behind = comma->at + 1;
    struct aq_token next = aq_token_peek(&translation->in);
    return translation->in.brackets == 0 && memchr(behind, '\n', (size_t)(next.at - behind)) != NULL;
}

/* Such a comma within a call: behind an operator it can only continue; behind an operand RexxJS would take it
 * to separate arguments and REXX does not. */
static void continue_call(struct aq_translation *translation, struct aq_bracket *call,
                          const struct aq_token *comma)
{
    const struct aq_token *previous = translation->previous;
    if (aq_token_is_char(previous, '(') || aq_token_is_char(previous, ','))
        take_name(translation, call);
    else if (previous->kind != AQ_TOKEN_OTHER || *previous->at == ')')
        aq_translation_fail(
            translation, comma->at, 35,
            "%.*s(…,: a comma at the end of a line continues the line and separates no arguments; "
            "in REXX write ,, to separate, or || to join",
            aq_shown(&call->opener), call->opener.at);
}

void aq_call_comma(struct aq_translation *translation, struct aq_bracket *call, const struct aq_token *token)
{
    if (continues_line(translation, token)) {
        continue_call(translation, call, token);
        return;
    }
    end_argument(translation, call, token->at);
    if (translation->in.brackets > 0) {
        aq_translation_replace(translation, token->at, token->at + 1);
        aq_bracket_gap(translation, token->at + 1);
        aq_buffer_add_char(translation->out, ',');
    }
    begin_argument(translation, call, token->at + 1);
}

/* Puts the arguments, which are in `out` one behind the other, into their places. */
static void arrange(struct aq_translation *translation, const struct aq_bracket *call, const char *at)
{
    struct aq_buffer *out = translation->out;
    const struct aq_bracket_argument *at_place[AQ_PARAMETERS_MAX] = {NULL};
    int last = 0;
    for (int i = 0; i < call->count; i++) {
        const struct aq_bracket_argument *argument = &call->arguments[i];
        if (at_place[argument->place] != NULL) {
            aq_translation_fail(translation, at, 40, "%.*s: two arguments for the same parameter",
                                aq_shown(&call->opener), call->opener.at);
            return;
        }
        at_place[argument->place] = argument;
        last = argument->place > last ? argument->place : last;
    }
    aq_autobuffer struct aq_buffer arranged = {0};
    for (int place = 0; place <= last; place++) {
        aq_buffer_add_text(&arranged, place > 0 ? "," : "");
        if (at_place[place] != NULL)
            aq_buffer_add(&arranged, out->data + at_place[place]->from,
                          at_place[place]->to - at_place[place]->from);
    }
    out->length = call->arguments[0].from;
    aq_buffer_add(out, arranged.data, arranged.length);
}

/* `at` is where the closing parenthesis stands, or would stand. */
void aq_call_close(struct aq_translation *translation, struct aq_bracket *call, const char *at)
{
    aq_translation_flush(translation, at);
    end_argument(translation, call, at);
    if (call->function != NULL && call->has_names)
        arrange(translation, call, at);
    if (call->kind == AQ_BRACKET_BARE)
        aq_buffer_add_char(translation->out, ')');
    else if (call->is_clause)
        aq_translation_replace(translation, at, at + 1);
    else
        aq_translation_flush(translation, at + 1);
}

/* Whether `name=` stands there, without a blank in it. */
static bool is_named(const struct aq_translation *translation, const struct aq_token *token)
{
    const char *behind = token->at + token->length;
    return token->kind == AQ_TOKEN_SYMBOL && aq_text_starts(behind, translation->in.end, "=") &&
           !aq_text_starts(behind + 1, translation->in.end, "=");
}

bool aq_call_bare(struct aq_translation *translation, const struct aq_token *name, const char *before)
{
    struct aq_token argument = aq_token_peek(&translation->in);
    if (!is_named(translation, &argument) || argument.at == name->at + name->length)
        return false;
    const struct aq_function *function = function_of(translation, name);
    if (function == NULL) {
        aq_translation_fail(
            translation, name->at, 40,
            "%.*s %.*s=…: a function called without parentheses, and none whose parameters are "
            "known; in REXX: %.*s(value), a command in quotes, and a comparison in parentheses: "
            "(%.*s=…)",
            aq_shown(name), name->at, aq_shown(&argument), argument.at, aq_shown(name), name->at,
            aq_shown(&argument), argument.at);
        return true;
    }
    aq_translation_flush(translation, name->at);
    aq_buffer_add_text(translation->out, before);
    write_name(translation, name, function);
    struct aq_bracket *call = aq_bracket_push(translation, AQ_BRACKET_BARE, name);
    call->function = function;
    aq_translation_replace(translation, translation->copied, argument.at);
    aq_buffer_add_char(translation->out, '(');
    translation->in.at = argument.at;
    begin_argument(translation, call, argument.at);
    return true;
}

bool aq_call_next(struct aq_translation *translation, struct aq_bracket *call, const struct aq_token *token)
{
    if (!is_named(translation, token) || token->at == translation->previous_end || call->tokens == 0)
        return false;
    end_argument(translation, call, translation->previous_end);
    aq_translation_replace(translation, translation->copied, token->at);
    aq_buffer_add_char(translation->out, ',');
    /* The token has been read: it is read again, as the argument's name. */
    translation->in.at = token->at;
    begin_argument(translation, call, token->at);
    return true;
}
