/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "translation.h"

/* A function that does not exist is an error, not a command for the shell; and numbers in RexxJS are those of
 * JavaScript: a time in milliseconds fits. */
#define PREAMBLE "OPTIONS 'NOEXT_COMMANDS_AS_FUNCS';NUMERIC DIGITS 16;"

static const struct {
    int number;
    const char *name;
} errors[] = {
    {6, "Unmatched \"/*\" or quote"}, {12, "Clause too long"},    {13, "Invalid character in program"},
    {25, "Invalid subkeyword found"}, {35, "Invalid expression"}, {40, "Incorrect call to routine"},
};

const char *aq_source_error_name(int error)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].number == error)
            return errors[i].name;
    return "Syntax error";
}

void aq_source_traits_free(struct aq_source_traits *traits)
{
    aq_names_free(&traits->names);
}

/* At the text behind a clause's first symbol. `a == b` is a command. */
static bool assigns(const struct aq_reader *in)
{
    const char *at = aq_skip_blanks(in->at, in->end);
    return at < in->end && *at == '=' && (at + 1 == in->end || at[1] != '=');
}

static const struct aq_token no_token;

static void begin_clause(struct aq_translation *translation, const struct aq_token *token)
{
    translation->first = token;
    translation->previous = &no_token;
    translation->is_assignment = token->kind == AQ_TOKEN_SYMBOL && assigns(&translation->in);
    translation->keyword = token->kind == AQ_TOKEN_SYMBOL && !translation->is_assignment
                               ? aq_keyword_of(token)
                               : AQ_KEYWORD_NONE;
    translation->is_command = !translation->is_assignment && translation->keyword == AQ_KEYWORD_NONE;
    if (translation->pass == AQ_PASS_LOOK)
        return;
    translation->has_value = translation->has_with = translation->value_next = false;
    translation->condition = translation->keyword == AQ_KEYWORD_CONDITION;
    translation->operand_known = false;
    translation->with = translation->expected = NULL;
    translation->nots = 0;
}

static void take_first_symbol(struct aq_translation *translation, const struct aq_token *symbol)
{
    switch (translation->keyword) {
    case AQ_KEYWORD_ADDRESS:
        if (!aq_redirect(translation, symbol) && translation->pass != AQ_PASS_LOOK)
            aq_expect(translation, symbol);
        break;
    case AQ_KEYWORD_DO:
        aq_loop_do(translation, symbol);
        break;
    case AQ_KEYWORD_SELECT:
        aq_loop_select(translation);
        break;
    case AQ_KEYWORD_END:
        aq_loop_end(translation);
        break;
    case AQ_KEYWORD_ITERATE:
        aq_loop_leave(translation);
        break;
    default:
        aq_statement_begin(translation, symbol);
        break;
    }
}

/* Routines are known by the parenthesis behind their name, or by CALL before it. */
static void note_routine(struct aq_translation *translation, const struct aq_token *token)
{
    const struct aq_token *previous = translation->previous;
    bool is_called = aq_text_starts(translation->in.at, translation->in.end, "(") ||
                     (translation->keyword == AQ_KEYWORD_CALL && previous->at == translation->first->at &&
                      !aq_token_is(token, "ON") && !aq_token_is(token, "OFF"));
    if (!is_called)
        return;
    bool quoted = token->kind == AQ_TOKEN_STRING;
    aq_names_add(&translation->traits->names, token->at + quoted, token->length - 2 * quoted,
                 AQ_NAME_CALLED | (quoted ? AQ_NAME_QUOTED : 0));
}

static void take_symbol(struct aq_translation *translation, const struct aq_token *symbol)
{
    if (aq_token_is(symbol, "TRACE"))
        translation->traits->mentions_trace = true;
    else if (aq_token_is(symbol, "ERROR") && aq_token_is(translation->previous, "ON"))
        translation->traits->traps_errors = true;
    note_routine(translation, symbol);
    if (symbol->first)
        take_first_symbol(translation, symbol);
    else if (symbol->at == translation->with)
        aq_redirect_with(translation);
    else if (translation->pass == AQ_PASS_LEARN || translation->writing) {
        translation->has_value |= aq_token_is(symbol, "VALUE");
        translation->has_with |= aq_token_is(symbol, "WITH");
        if (translation->writing && translation->keyword == AQ_KEYWORD_CALL &&
            translation->previous->at == translation->first->at)
            aq_call_name(translation, symbol);
        else
            aq_symbol(translation, symbol);
    }
}

static void take_label(struct aq_translation *translation, const struct aq_token *label)
{
    size_t length = 0;
    while (length < label->length && aq_is_symbol_char(label->at[length]))
        length++;
    aq_names_add(&translation->traits->names, label->at, length, AQ_NAME_LABEL);
}

/* "…\"…": in plain REXX a string ends before the second quote, and nothing may stand before what follows it.
 */
static bool is_escaped_quote(const struct aq_translation *translation, const struct aq_token *backslash)
{
    const struct aq_token *previous = translation->previous;
    return previous->at != NULL && aq_text_starts(backslash->at + 1, translation->in.end, "\"") &&
           previous->at + previous->length == backslash->at &&
           (previous->kind == AQ_TOKEN_SYMBOL || previous->kind == AQ_TOKEN_STRING ||
            aq_token_is_char(previous, ')'));
}

/* What a script can be told by, before it is known what it is. */
static const bool matters[256] = {
    ['['] = true, ['{'] = true, [']'] = true, ['}'] = true, ['<'] = true, ['\\'] = true, ['|'] = true};

static void take_character(struct aq_translation *translation, const struct aq_token *token)
{
    const char *next = token->at + 1;
    if (translation->pass == AQ_PASS_LOOK && !matters[(unsigned char)*token->at])
        return;
    switch (*token->at) {
    case '[':
    case '{':
        translation->marked = true;
        aq_bracket_open(translation, token);
        break;
    case ']':
    case '}':
        translation->marked = true;
        aq_bracket_close(translation, token);
        break;
    case '(':
        aq_bracket_open(translation, token);
        break;
    case ')':
        aq_bracket_close(translation, token);
        break;
    case ',':
        aq_bracket_comma(translation, token);
        break;
    case '=':
        translation->value_next |=
            translation->is_assignment && translation->previous->at == translation->first->at;
        break;
    case '<':
        if (next < translation->in.end && *next == '<')
            aq_text_heredoc(translation, token);
        break;
    case '\\':
        translation->marked |= is_escaped_quote(translation, token);
        break;
    case '|':
        if (next < translation->in.end && *next == '>') {
            translation->marked = true;
            aq_translation_fail(translation, token->at, 35,
                                "the pipe |> is not supported; in REXX calls are nested: g(f(x))");
        }
        break;
    default:
        break;
    }
}

static void take_open_string(struct aq_translation *translation, const struct aq_token *token)
{
    translation->traits->has_clauses = true;
    translation->marked |= *token->at == '`';
    aq_translation_fail(translation, token->at, 6, "the string that begins here with %c is never closed",
                        *token->at);
}

static void take_slashes(struct aq_translation *translation, const struct aq_token *token)
{
    translation->marked = true;
    if (token->kind == AQ_TOKEN_UNCLEAR)
        aq_translation_fail(
            translation, token->at, 35,
            "// may be the remainder here and may begin a comment; in REXX comments begin with "
            "--, and a remainder is clear in parentheses: (x // 2)");
    if (!translation->writing)
        return;
    if (translation->in.brackets > 0) { /* the line does not end there */
        aq_translation_replace(translation, token->at, token->at + token->length);
        return;
    }
    aq_translation_replace(translation, token->at, token->at + 2);
    aq_buffer_add_text(translation->out, "--");
}

/* Anything but commas, and the mark by which DOS ends a file. */
static bool is_clause(const struct aq_translation *translation, const struct aq_token *token)
{
    bool dos_end = aq_token_is_char(token, '\x1a') && translation->in.at == translation->in.end;
    return !aq_token_ends(token) && !aq_token_is_char(token, ',') && !dos_end;
}

/* What may be done at a token, whatever it is: true if there is nothing left to look at. */
static bool prepare_token(struct aq_translation *translation, const struct aq_token *token)
{
    if (translation->bracket_count > 0 && aq_bracket_token(translation, token))
        return true;
    if (token->at == translation->expected)
        aq_expect_second(translation, token);
    bool is_value = translation->value_next;
    translation->value_next = false;
    return is_value && aq_assigned_value(translation, token);
}

static void end_clause(struct aq_translation *translation)
{
    aq_close_nots(translation, translation->previous_end);
    aq_bracket_end(translation);
    aq_statement_end(translation);
}

static void look_at(struct aq_translation *translation, const struct aq_token *token)
{
    switch (token->kind) {
    case AQ_TOKEN_CLAUSE_END:
    case AQ_TOKEN_END:
        if (translation->pass != AQ_PASS_LOOK)
            end_clause(translation);
        break;
    case AQ_TOKEN_SYMBOL:
        take_symbol(translation, token);
        break;
    case AQ_TOKEN_LABEL:
        take_label(translation, token);
        break;
    case AQ_TOKEN_STRING:
        note_routine(translation, token);
        aq_text_string(translation, token);
        break;
    case AQ_TOKEN_BACKQUOTED:
        aq_text_backquoted(translation, token);
        break;
    case AQ_TOKEN_OPEN_STRING:
        take_open_string(translation, token);
        break;
    case AQ_TOKEN_OTHER:
        take_character(translation, token);
        break;
    default:
        break;
    }
}

/* In the first pass, which every script pays for, as little is done as can be. */
static void take_token(struct aq_translation *translation, const struct aq_token *token)
{
    if (token->first)
        begin_clause(translation, token);
    if (translation->pass == AQ_PASS_LOOK || !prepare_token(translation, token))
        look_at(translation, token);
    if (!translation->traits->has_clauses)
        translation->traits->has_clauses = is_clause(translation, token);
    translation->previous = token;
    translation->previous_end = translation->in.at;
}

/* One that holds neither the clause's first token nor the one before this. */
static struct aq_token *free_slot(struct aq_translation *translation)
{
    struct aq_token *slots = translation->tokens;
    if (translation->first != &slots[0] && translation->previous != &slots[0])
        return &slots[0];
    return translation->first != &slots[1] && translation->previous != &slots[1] ? &slots[1] : &slots[2];
}

/* What may be passed over in the first pass. Behind CALL stands the name of a routine. */
static void skim(struct aq_translation *translation)
{
    bool is_name = translation->keyword == AQ_KEYWORD_CALL && translation->previous == translation->first;
    if (!translation->in.fresh && translation->traits->has_clauses && !is_name &&
        aq_token_skim(&translation->in, &translation->skipped))
        translation->previous = &translation->skipped;
}

/* Through the whole script, from its beginning. */
static void go_through(struct aq_translation *translation, size_t length, enum aq_pass pass)
{
    const char *text = translation->text, *end = text + length;
    bool rexxjs = pass == AQ_PASS_LEARN || pass == AQ_PASS_WRITE;
    translation->in =
        (struct aq_reader){.at = text, .end = end, .text = text, .fresh = true, .rexxjs = rexxjs};
    translation->pass = pass;
    translation->writing = pass == AQ_PASS_WRITE;
    translation->copied = translation->previous_end = text;
    translation->loops = translation->first_loop;
    translation->closing = NULL;
    translation->block_count = 0;
    aq_bracket_drop_all(translation);
    if (aq_text_starts(text, end, "#!"))
        translation->in.at = aq_skip_line(text, end);
    if (translation->writing && !translation->fragment) {
        const char *from = translation->in.at + (translation->in.at > text && translation->in.at < end);
        aq_translation_replace(translation, from, from);
        aq_buffer_add_text(translation->out, PREAMBLE);
    }
    struct aq_token *token;
    translation->first = translation->previous = &no_token;
    do {
        if (pass == AQ_PASS_LOOK)
            skim(translation);
        token = free_slot(translation);
        aq_token_next(&translation->in, token);
        if (token->kind == AQ_TOKEN_SLASHES || token->kind == AQ_TOKEN_UNCLEAR)
            take_slashes(translation, token);
        else
            take_token(translation, token);
    } while (token->kind != AQ_TOKEN_END && !translation->failed);
    if (!translation->failed && (translation->writing || pass == AQ_PASS_REDIRECT))
        aq_translation_flush(translation, end);
}

static bool is_rexxjs(const struct aq_translation *translation, enum aq_dialect dialect)
{
    if (dialect != AQ_DIALECT_AUTO)
        return dialect != AQ_DIALECT_REGINA;
    return !translation->refused && (translation->marked || translation->opted);
}

static void translate(struct aq_translation *translation, size_t length, size_t before)
{
    translation->traits->rexxjs = true;
    aq_names_free(&translation->traits->names);
    go_through(translation, length, AQ_PASS_LEARN);
    translation->out->length = before;
    go_through(translation, length, AQ_PASS_WRITE);
}

int aq_source_prepare(const char *text, size_t length, enum aq_dialect dialect, struct aq_buffer *out,
                      struct aq_source_traits *traits, struct aq_source_problem *problem)
{
    *traits = (struct aq_source_traits){0};
    struct aq_translation translation = {.text = text, .out = out, .traits = traits, .problem = problem};
    size_t before = out->length;
    if (dialect == AQ_DIALECT_FRAGMENT) { /* its loops have counters that no other code has */
        static unsigned fragments;
        translation.fragment = true;
        translation.first_loop = ++fragments * 1000;
    }
    if (dialect == AQ_DIALECT_AUTO || dialect == AQ_DIALECT_REGINA)
        go_through(&translation, length, AQ_PASS_LOOK);
    if (is_rexxjs(&translation, dialect))
        translate(&translation, length, before);
    else if (translation.redirects) {
        out->length = before;
        go_through(&translation, length, AQ_PASS_REDIRECT);
    }
    traits->redirects = translation.redirects;
    aq_translation_free(&translation);
    return translation.failed ? -1 : 0;
}
