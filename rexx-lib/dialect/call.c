/* SPDX-License-Identifier: MIT */
/*
 * f(b=2, a=1) becomes f(1, 2) where the function's parameters are known. Elsewhere `f(b=2)` could be a
 * comparison or a named argument, and is refused: (b=2) in parentheses of its own is the comparison.
 */
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "translation.h"

struct argument {
    size_t from, to; /* in `out` */
    int place;       /* among the parameters; those without a name come in turn */
};

struct aq_parenthesis {
    bool is_call, has_names;
    struct aq_token name;
    const struct aq_function *function; /* NULL if its parameters are not known */
    struct argument arguments[AQ_PARAMETERS_MAX];
    int count;
};

static struct aq_parenthesis *innermost(struct aq_translation *translation)
{
    return translation->parenthesis_count > 0 ? &translation->parentheses[translation->parenthesis_count - 1]
                                              : NULL;
}

static struct aq_parenthesis *push(struct aq_translation *translation)
{
    if (translation->parenthesis_count == translation->parenthesis_room) {
        translation->parenthesis_room = translation->parenthesis_room * 2 + 8;
        translation->parentheses = aq_realloc(translation->parentheses, translation->parenthesis_room *
                                                                            sizeof *translation->parentheses);
    }
    struct aq_parenthesis *parenthesis = &translation->parentheses[translation->parenthesis_count++];
    memset(parenthesis, 0, sizeof *parenthesis);
    return parenthesis;
}

/* Everything up to that place is in `out` now; how long that is. */
static size_t flush(struct aq_translation *translation, const char *at)
{
    if (at > translation->copied)
        aq_translation_replace(translation, at, at);
    return translation->out->length;
}

static int text_length(const struct aq_token *token)
{
    return (int)(token->length < 60 ? token->length : 60);
}

/* At an argument's beginning: takes `name=` away. */
static void take_name(struct aq_translation *translation, struct aq_parenthesis *call)
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
            text_length(&call->name), call->name.at, text_length(&name), name.at, text_length(&name),
            name.at);
        return;
    }
    call->has_names = true;
    call->arguments[call->count - 1].place = place;
    flush(translation, name.at);
    aq_translation_replace(translation, translation->copied, ahead.at);
    translation->in.at = ahead.at;
}

static void begin_argument(struct aq_translation *translation, struct aq_parenthesis *call, const char *at)
{
    if (call->function != NULL &&
        call->count == AQ_PARAMETERS_MAX) { /* more than it has: Regina's to refuse */
        call->is_call = false;
        return;
    }
    if (call->function != NULL) {
        call->arguments[call->count].place = call->count;
        call->arguments[call->count].from = flush(translation, at);
        call->count++;
    }
    take_name(translation, call);
}

void aq_call_open(struct aq_translation *translation, const struct aq_token *token)
{
    if (!translation->writing)
        return;
    const struct aq_token *name = &translation->previous;
    struct aq_parenthesis *parenthesis = push(translation);
    if (name->kind != AQ_TOKEN_SYMBOL || name->at + name->length != token->at)
        return;
    parenthesis->is_call = true;
    parenthesis->name = *name;
    parenthesis->function = aq_function_find(name->at, name->length);
    begin_argument(translation, parenthesis, token->at + 1);
}

/* A comma at a line's end continues the line and separates nothing. */
static bool continues_line(const struct aq_translation *translation, const struct aq_token *comma)
{
    const char *behind = comma->at + 1;
    struct aq_token next = aq_token_peek(&translation->in);
    return memchr(behind, '\n', (size_t)(next.at - behind)) != NULL;
}

/* Such a comma within a call: behind an operator it can only continue; behind an operand RexxJS would take it
 * to separate arguments and REXX does not. */
static void continue_call(struct aq_translation *translation, struct aq_parenthesis *call,
                          const struct aq_token *comma)
{
    const struct aq_token *previous = &translation->previous;
    if (aq_token_is_char(previous, '(') || aq_token_is_char(previous, ','))
        take_name(translation, call);
    else if (previous->kind != AQ_TOKEN_OTHER || *previous->at == ')')
        aq_translation_fail(
            translation, comma->at, 35,
            "%.*s(…,: a comma at the end of a line continues the line and separates no arguments; "
            "in REXX write ,, to separate, or || to join",
            text_length(&call->name), call->name.at);
}

void aq_call_comma(struct aq_translation *translation, const struct aq_token *token)
{
    struct aq_parenthesis *call = innermost(translation);
    if (!translation->writing || call == NULL || !call->is_call)
        return;
    if (continues_line(translation, token)) {
        continue_call(translation, call, token);
        return;
    }
    if (call->function != NULL)
        call->arguments[call->count - 1].to = flush(translation, token->at);
    begin_argument(translation, call, token->at + 1);
}

/* Puts the arguments, which are in `out` one behind the other, into their places. */
static void arrange(struct aq_translation *translation, const struct aq_parenthesis *call, const char *at)
{
    struct aq_buffer *out = translation->out;
    const struct argument *at_place[AQ_PARAMETERS_MAX] = {NULL};
    int last = 0;
    for (int i = 0; i < call->count; i++) {
        const struct argument *argument = &call->arguments[i];
        if (at_place[argument->place] != NULL) {
            aq_translation_fail(translation, at, 40, "%.*s: two arguments for the same parameter",
                                text_length(&call->name), call->name.at);
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

void aq_call_close(struct aq_translation *translation, const struct aq_token *token)
{
    struct aq_parenthesis *call = innermost(translation);
    if (!translation->writing || call == NULL)
        return;
    if (call->is_call && call->function != NULL) {
        call->arguments[call->count - 1].to = flush(translation, token->at);
        if (call->has_names)
            arrange(translation, call, token->at);
    }
    translation->parenthesis_count--;
}
