/* SPDX-License-Identifier: MIT */
#include "command/lex.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where the reading is. Columns in messages count from 1. */
struct lexer {
    const char *start, *at, *end;
    const struct aq_callbacks *callbacks;
    struct aq_error *err;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_key_char(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* A REXX symbol that can have a value starts with one of the first, and goes on with either. */
static bool is_symbol_start(char c)
{
    return is_letter(c) || (c != '\0' && strchr("_!?@#$", c) != NULL);
}

static bool is_symbol_char(char c)
{
    return is_symbol_start(c) || c == '.' || (c >= '0' && c <= '9');
}

static int column(const struct lexer *lexer, const char *at)
{
    return (int)(at - lexer->start) + 1;
}

static int unset(const struct lexer *lexer, const char *name, size_t length, const char *at)
{
    return aq_fail(
        lexer->err, AQ_E_VARIABLE_UNSET,
        "the variable %.*s (column %d of the command) has no value; set it before the command, or put "
        "the value into quotes if the brace is meant as it stands",
        (int)length, name, column(lexer, at));
}

/* At a brace: appends the variable's value when this is {{name}} (or {name} where single braces count).
   Returns 1 when it was one, 0 when the brace is just a brace, -1 with an error. */
static int take_variable(struct lexer *lexer, bool single, struct aq_buffer *value)
{
    const char *brace = lexer->at;
    size_t depth = lexer->end - brace > 1 && brace[1] == '{' ? 2 : 1;
    if (depth == 1 && !single)
        return 0;
    const char *name = brace + depth;
    while (name < lexer->end && *name == ' ')
        name++;
    const char *stop = name;
    if (stop < lexer->end && is_symbol_start(*stop))
        while (stop < lexer->end && is_symbol_char(*stop))
            stop++;
    const char *close = stop;
    while (close < lexer->end && *close == ' ')
        close++;
    if (stop == name || (size_t)(lexer->end - close) < depth || memcmp(close, "}}", depth) != 0)
        return 0;

    size_t length = 0;
    const struct aq_callbacks *callbacks = lexer->callbacks;
    const char *found = callbacks->variable != NULL
                            ? callbacks->variable(callbacks->data, name, (size_t)(stop - name), &length)
                            : NULL;
    if (found == NULL)
        return unset(lexer, name, (size_t)(stop - name), brace);
    aq_buffer_add(value, found, length);
    lexer->at = close + depth;
    return 1;
}

/* Takes a brace's variable, or the character as it is. */
static int take_char(struct lexer *lexer, bool single_braces, struct aq_buffer *value)
{
    if (*lexer->at == '{') {
        int taken = take_variable(lexer, single_braces, value);
        if (taken != 0)
            return taken;
    }
    aq_buffer_add_char(value, *lexer->at++);
    return 0;
}

static int take_quoted(struct lexer *lexer, struct aq_buffer *value)
{
    const char *open = lexer->at;
    char quote = *lexer->at++;
    while (lexer->at < lexer->end) {
        if (*lexer->at == quote) {
            lexer->at++;
            if (lexer->at == lexer->end || is_space(*lexer->at))
                return 0;
            if (*lexer->at != quote)
                return aq_fail(
                    lexer->err, AQ_E_COMMAND_SYNTAX,
                    "a space is missing after the closing quote at column %d of the command (a quote "
                    "within quotes is written twice)",
                    column(lexer, lexer->at) - 1);
        }
        if (take_char(lexer, false, value) < 0)
            return -1;
    }
    return aq_fail(lexer->err, AQ_E_COMMAND_SYNTAX,
                   "the quote that opens at column %d of the command is never closed", column(lexer, open));
}

static int take_value(struct lexer *lexer, struct aq_buffer *value)
{
    aq_buffer_room(value, 0); /* an empty value is "", not nothing */
    if (lexer->at < lexer->end && (*lexer->at == '"' || *lexer->at == '\''))
        return take_quoted(lexer, value);
    while (lexer->at < lexer->end && !is_space(*lexer->at))
        if (take_char(lexer, true, value) < 0)
            return -1;
    return 0;
}

/* The length of `key=` at the reading point without its '='; 0 when what stands there is a bare word. */
static size_t key_length(const struct lexer *lexer)
{
    const char *stop = lexer->at;
    while (stop < lexer->end && is_key_char(*stop))
        stop++;
    return stop < lexer->end && *stop == '=' ? (size_t)(stop - lexer->at) : 0;
}

static int take_word(struct lexer *lexer, struct aq_words *words)
{
    if (*lexer->at == '=')
        return aq_fail(lexer->err, AQ_E_COMMAND_SYNTAX,
                       "a key is missing before the '=' at column %d of the command",
                       column(lexer, lexer->at));
    words->items = aq_realloc(words->items, (words->count + 1) * sizeof *words->items);
    struct aq_word *word = &words->items[words->count++];
    *word = (struct aq_word){0};
    size_t length = key_length(lexer);
    if (length != 0) {
        word->key = aq_strndup(lexer->at, length);
        lexer->at += length + 1;
    }
    return take_value(lexer, &word->value);
}

static void skip_space(struct lexer *lexer)
{
    while (lexer->at < lexer->end && is_space(*lexer->at))
        lexer->at++;
}

static int take_verb(struct lexer *lexer, struct aq_words *words)
{
    const char *verb = lexer->at;
    while (lexer->at < lexer->end && is_key_char(*lexer->at))
        lexer->at++;
    if (lexer->at == verb || (lexer->at < lexer->end && !is_space(*lexer->at)))
        return aq_fail(
            lexer->err, AQ_E_COMMAND_SYNTAX,
            "the command has to begin with a verb, as in `list` or `clone base=debian`, but column %d "
            "has '%c'",
            column(lexer, lexer->at), *lexer->at);
    words->verb = aq_strndup(verb, (size_t)(lexer->at - verb));
    return 0;
}

int aq_lex(const char *command, size_t length, const struct aq_callbacks *callbacks, struct aq_words *words,
           struct aq_error *err)
{
    struct lexer lexer = {command, command, command + length, callbacks, err};
    skip_space(&lexer);
    if (lexer.at == lexer.end)
        return aq_fail(err, AQ_E_COMMAND_EMPTY, "the command is empty; `help` lists what can be said");
    if (take_verb(&lexer, words) < 0)
        return -1;
    for (skip_space(&lexer); lexer.at < lexer.end; skip_space(&lexer))
        if (take_word(&lexer, words) < 0)
            return -1;
    return 0;
}

void aq_words_free(struct aq_words *words)
{
    free(words->verb);
    for (size_t i = 0; i < words->count; i++) {
        free(words->items[i].key);
        aq_buffer_free(&words->items[i].value);
    }
    free(words->items);
    *words = (struct aq_words){0};
}
