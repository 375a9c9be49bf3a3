/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "translation.h"

/* By length, so that a symbol is compared with those only that it can be. */
static const struct keyword {
    const char *word;
    enum aq_keyword keyword;
} of_2[] = {{"DO", AQ_KEYWORD_DO}, {"IF", AQ_KEYWORD_EXPRESSION}, {NULL, AQ_KEYWORD_NONE}},
  of_3[] = {{"ARG", AQ_KEYWORD_ARG},   {"END", AQ_KEYWORD_END},        {"LET", AQ_KEYWORD_LET},
            {"NOP", AQ_KEYWORD_OTHER}, {"SAY", AQ_KEYWORD_EXPRESSION}, {NULL, AQ_KEYWORD_NONE}},
  of_4[] = {{"CALL", AQ_KEYWORD_CALL},       {"DROP", AQ_KEYWORD_SIGNAL},     {"ELSE", AQ_KEYWORD_OTHER},
            {"EXIT", AQ_KEYWORD_EXPRESSION}, {"PULL", AQ_KEYWORD_ARG},        {"PUSH", AQ_KEYWORD_EXPRESSION},
            {"THEN", AQ_KEYWORD_OTHER},      {"WHEN", AQ_KEYWORD_EXPRESSION}, {NULL, AQ_KEYWORD_NONE}},
  of_5[] = {{"LEAVE", AQ_KEYWORD_ITERATE}, {"PARSE", AQ_KEYWORD_PARSE},  {"QUEUE", AQ_KEYWORD_EXPRESSION},
            {"TRACE", AQ_KEYWORD_SIGNAL},  {"UPPER", AQ_KEYWORD_SIGNAL}, {NULL, AQ_KEYWORD_NONE}},
  of_6[] = {{"RETURN", AQ_KEYWORD_EXPRESSION},
            {"SELECT", AQ_KEYWORD_SELECT},
            {"SIGNAL", AQ_KEYWORD_SIGNAL},
            {NULL, AQ_KEYWORD_NONE}},
  of_7[] = {{"ADDRESS", AQ_KEYWORD_ADDRESS}, {"ITERATE", AQ_KEYWORD_ITERATE}, {"NUMERIC", AQ_KEYWORD_OTHER},
            {"OPTIONS", AQ_KEYWORD_OPTIONS}, {"REQUIRE", AQ_KEYWORD_REQUIRE}, {NULL, AQ_KEYWORD_NONE}},
  of_9[] = {{"INTERPRET", AQ_KEYWORD_EXPRESSION},
            {"OTHERWISE", AQ_KEYWORD_OTHER},
            {"PROCEDURE", AQ_KEYWORD_SIGNAL},
            {NULL, AQ_KEYWORD_NONE}},
  of_13[] = {{"INTERPOLATION", AQ_KEYWORD_INTERPOLATION}, {NULL, AQ_KEYWORD_NONE}};
static const struct keyword *const keywords[] = {
    [2] = of_2, [3] = of_3, [4] = of_4, [5] = of_5, [6] = of_6, [7] = of_7, [9] = of_9, [13] = of_13};

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

void aq_translation_replace(struct aq_translation *translation, const char *from, const char *to)
{
    aq_buffer_add(translation->out, translation->copied, (size_t)(from - translation->copied));
    translation->copied = to;
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

static enum aq_keyword keyword_of(const struct aq_token *symbol)
{
    const size_t lengths = sizeof keywords / sizeof *keywords;
    const struct keyword *candidate = symbol->length < lengths ? keywords[symbol->length] : NULL;
    for (; candidate != NULL && candidate->word != NULL; candidate++)
        if (aq_token_is(symbol, candidate->word))
            return candidate->keyword;
    return AQ_KEYWORD_NONE;
}

/* At the text behind a clause's first symbol. `a == b` is a command. */
static bool assigns(const struct aq_reader *in)
{
    const char *at = aq_skip_blanks(in->at, in->end);
    return at < in->end && *at == '=' && (at + 1 == in->end || at[1] != '=');
}

static void begin_clause(struct aq_translation *translation, const struct aq_token *token)
{
    translation->first = *token;
    translation->previous = (struct aq_token){0};
    translation->is_assignment = token->kind == AQ_TOKEN_SYMBOL && assigns(&translation->in);
    translation->keyword =
        token->kind == AQ_TOKEN_SYMBOL && !translation->is_assignment ? keyword_of(token) : AQ_KEYWORD_NONE;
    translation->is_command = !translation->is_assignment && translation->keyword == AQ_KEYWORD_NONE;
    translation->has_value = translation->has_with = false;
    translation->parenthesis_count = 0;
}

/* In the style of RexxJS `a != b`, where in REXX ! belongs to a name. */
static void rewrite_not_equal(struct aq_translation *translation, const struct aq_token *symbol)
{
    const char *last = symbol->at + symbol->length - 1;
    if (*last != '!' || last + 1 >= translation->in.end || last[1] != '=')
        return;
    aq_translation_replace(translation, last, last + 1);
    aq_buffer_add_char(translation->out, '\\');
}

static void take_first_symbol(struct aq_translation *translation, const struct aq_token *symbol)
{
    switch (translation->keyword) {
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

static void take_symbol(struct aq_translation *translation, const struct aq_token *symbol)
{
    if (aq_token_is(symbol, "TRACE"))
        translation->traits->mentions_trace = true;
    else if (aq_token_is(symbol, "ERROR") && aq_token_is(&translation->previous, "ON"))
        translation->traits->traps_errors = true;
    if (symbol->first)
        take_first_symbol(translation, symbol);
    else if (translation->writing) {
        translation->has_value |= aq_token_is(symbol, "VALUE");
        translation->has_with |= aq_token_is(symbol, "WITH");
        rewrite_not_equal(translation, symbol);
    }
}

static void refuse_brackets(struct aq_translation *translation, const struct aq_token *token)
{
    const struct aq_token *previous = &translation->previous;
    translation->marked = true;
    if (*token->at == '{' || *token->at == '}')
        aq_translation_fail(
            translation, token->at, 13,
            "objects in braces are not supported; in REXX a stem holds fields: o.name = value");
    else if (previous->kind == AQ_TOKEN_SYMBOL && previous->at + previous->length == token->at)
        aq_translation_fail(translation, token->at, 13,
                            "%.*s[…] is not supported; in REXX a stem is indexed by a tail: %.*s.1, %.*s.i",
                            (int)(previous->length < 60 ? previous->length : 60), previous->at,
                            (int)(previous->length < 60 ? previous->length : 60), previous->at,
                            (int)(previous->length < 60 ? previous->length : 60), previous->at);
    else
        aq_translation_fail(translation, token->at, 13,
                            "array literals are not supported; in REXX a stem holds a list: a.0 = 2; a.1 = "
                            "'first'; a.2 = 'second'");
}

static void take_character(struct aq_translation *translation, const struct aq_token *token)
{
    const char *next = token->at + 1;
    switch (*token->at) {
    case '(':
        aq_call_open(translation, token);
        break;
    case ',':
        aq_call_comma(translation, token);
        break;
    case ')':
        aq_call_close(translation, token);
        break;
    case '<':
        if (next < translation->in.end && *next == '<')
            aq_text_heredoc(translation, token);
        break;
    case '|':
        if (next < translation->in.end && *next == '>') {
            translation->marked = true;
            aq_translation_fail(translation, token->at, 35,
                                "the pipe |> is not supported; in REXX calls are nested: g(f(x))");
        }
        break;
    case '[':
    case ']':
    case '{':
    case '}':
        refuse_brackets(translation, token);
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
    if (!translation->writing)
        return;
    aq_translation_replace(translation, token->at, token->at + 2);
    aq_buffer_add_text(translation->out, "--");
}

/* Anything but commas, and the mark by which DOS ends a file. */
static bool is_clause(const struct aq_translation *translation, const struct aq_token *token)
{
    bool dos_end = aq_token_is_char(token, '\x1a') && translation->in.at == translation->in.end;
    return !aq_token_ends(token) && !aq_token_is_char(token, ',') && !dos_end;
}

static void take_token(struct aq_translation *translation, const struct aq_token *token)
{
    if (token->first)
        begin_clause(translation, token);
    switch (token->kind) {
    case AQ_TOKEN_CLAUSE_END:
    case AQ_TOKEN_END:
        aq_statement_end(translation);
        break;
    case AQ_TOKEN_SLASHES:
        take_slashes(translation, token);
        return;
    case AQ_TOKEN_SYMBOL:
        take_symbol(translation, token);
        break;
    case AQ_TOKEN_STRING:
        if (translation->writing)
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
    if (!translation->traits->has_clauses)
        translation->traits->has_clauses = is_clause(translation, token);
    translation->previous = *token;
}

/* Through the whole script, from its beginning. */
static void go_through(struct aq_translation *translation, size_t length, bool writing)
{
    const char *text = translation->text, *end = text + length;
    translation->in = (struct aq_reader){.at = text, .end = end, .fresh = true, .long_strings = writing};
    translation->writing = writing;
    translation->copied = text;
    translation->loops = 0;
    translation->block_count = translation->parenthesis_count = 0;
    if (aq_text_starts(text, end, "#!"))
        translation->in.at = aq_skip_line(text, end);
    struct aq_token token;
    do {
        aq_token_next(&translation->in, &token);
        take_token(translation, &token);
    } while (token.kind != AQ_TOKEN_END && !translation->failed);
    if (!translation->failed)
        aq_translation_replace(translation, end, end);
}

static bool is_rexxjs(const struct aq_translation *translation, enum aq_dialect dialect)
{
    if (dialect != AQ_DIALECT_AUTO)
        return dialect == AQ_DIALECT_REXXJS;
    return !translation->refused && (translation->marked || translation->opted);
}

int aq_source_prepare(const char *text, size_t length, enum aq_dialect dialect, struct aq_buffer *out,
                      struct aq_source_traits *traits, struct aq_source_problem *problem)
{
    *traits = (struct aq_source_traits){0};
    struct aq_translation translation = {.text = text, .out = out, .traits = traits, .problem = problem};
    size_t before = out->length;
    if (dialect != AQ_DIALECT_REXXJS)
        go_through(&translation, length, false);
    if (is_rexxjs(&translation, dialect)) {
        traits->rexxjs = true;
        out->length = before;
        go_through(&translation, length, true);
    }
    free(translation.blocks);
    free(translation.parentheses);
    return translation.failed ? -1 : 0;
}
