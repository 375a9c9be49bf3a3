/* SPDX-License-Identifier: MIT */
/*
 * Texts that REXX cannot write as they stand become expressions of its own strings: lines joined by '0A'x,
 * and where a placeholder is to be filled, a call around it. Line ends within a text are line feeds, whatever
 * the script's are.
 */
#include <string.h>
#include <strings.h>

#include "functions.h"
#include "translation.h"

/* Regina takes no clause that is much longer. */
#define TEXT_MAX 60000

/* So many lines are joined in one parenthesis: Regina's evaluation goes as deep as a chain is long. */
#define CHAIN 50

static bool has_placeholder(const char *at, const char *end)
{
    const char *begins, *ends, *name;
    size_t length;
    for (size_t i = 0; i < aq_pattern_count; i++)
        if (aq_pattern_next(&aq_patterns[i], at, end, &begins, &ends, &name, &length))
            return true;
    return false;
}

/* One line as a string in quotes. `quote` is the one that is doubled in the text already, or 0. */
static void add_line(struct aq_buffer *out, const char *at, const char *end, char quote)
{
    if (end > at && end[-1] == '\r')
        end--;
    char with = quote != 0 ? quote : '"';
    aq_buffer_add_char(out, with);
    for (const char *c = at; c < end; c++) {
        aq_buffer_add_char(out, *c);
        if (*c == with && quote == 0)
            aq_buffer_add_char(out, *c);
    }
    aq_buffer_add_char(out, with);
}

/* The text as an expression that may stand wherever a string may. */
static void add_lines(struct aq_buffer *out, const char *at, const char *end, char quote)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    if (newline == NULL) {
        add_line(out, at, end, quote);
        return;
    }
    aq_buffer_add_text(out, "((");
    for (unsigned line = 1; newline != NULL; line++) {
        add_line(out, at, newline, quote);
        aq_buffer_add_text(out, line % CHAIN == 0 ? "||'0A'x)||(" : "||'0A'x||");
        at = newline + 1;
        newline = memchr(at, '\n', (size_t)(end - at));
    }
    add_line(out, at, end, quote);
    aq_buffer_add_text(out, "))");
}

/* The environment that the clause's command goes to, if it is one, as an expression: what is filled by the
 * environment itself must not be filled twice. */
static void add_environment(struct aq_translation *translation)
{
    struct aq_token name = {0};
    if (translation->keyword == AQ_KEYWORD_ADDRESS) {
        struct aq_reader ahead = translation->in;
        ahead.at = translation->first.at + translation->first.length;
        name = aq_token_peek(&ahead);
    }
    if (name.kind == AQ_TOKEN_STRING)
        aq_buffer_format(translation->out, ", %.*s", (int)name.length, name.at);
    else if (name.kind == AQ_TOKEN_SYMBOL && !aq_token_is(&name, "VALUE"))
        aq_buffer_format(translation->out, ", \"%.*s\"", (int)name.length, name.at);
    else if (translation->is_command)
        aq_buffer_add_text(translation->out, ", ADDRESS()");
}

/* Whether a string here is part of an expression: a name or a template is not. */
static bool is_expression(const struct aq_translation *translation, const struct aq_token *token)
{
    bool second = translation->previous.at == translation->first.at;
    const char *behind = token->at + token->length;
    if (aq_text_starts(behind, translation->in.end, "(")) /* a function's name */
        return false;
    switch (translation->keyword) {
    case AQ_KEYWORD_ARG:
    case AQ_KEYWORD_SIGNAL:
    case AQ_KEYWORD_OTHER:
    case AQ_KEYWORD_END:
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

/* A call that follows a name without a blank would be read as part of that name. */
static void add_call(struct aq_translation *translation, const struct aq_token *token)
{
    if (token->at > translation->text && aq_is_symbol_char(token->at[-1]))
        aq_buffer_add_text(translation->out, "||");
    aq_buffer_add_text(translation->out, AQ_TEXT_FUNCTION "(");
}

/* Puts the text from..to in place of what stands between token->at and `behind`. */
static void rewrite(struct aq_translation *translation, const struct aq_token *token, const char *from,
                    const char *to, const char *behind, char quote)
{
    if (to - from > TEXT_MAX) {
        aq_translation_fail(
            translation, token->at, 12,
            "a text of %zu bytes: at most %d fit into a clause; read it from a file with CHARIN",
            (size_t)(to - from), TEXT_MAX);
        return;
    }
    bool fill = quote != '\'' && has_placeholder(from, to) && is_expression(translation, token);
    aq_translation_replace(translation, token->at, behind);
    if (fill)
        add_call(translation, token);
    else if (token->at > translation->text && aq_is_symbol_char(token->at[-1]))
        aq_buffer_add_text(translation->out, "||");
    add_lines(translation->out, from, to, quote);
    if (fill) {
        add_environment(translation);
        aq_buffer_add_char(translation->out, ')');
    }
    aq_translation_pad(translation, token->at, behind);
    translation->in.at = behind;
}

void aq_text_string(struct aq_translation *translation, const struct aq_token *token)
{
    const char *from = token->at + 1, *to = token->at + token->length - 1;
    bool long_string = memchr(from, '\n', (size_t)(to - from)) != NULL;
    if (long_string || (*token->at == '"' && has_placeholder(from, to) && is_expression(translation, token)))
        rewrite(translation, token, from, to, token->at + token->length, *token->at);
}

void aq_text_backquoted(struct aq_translation *translation, const struct aq_token *token)
{
    translation->marked = true;
    if (translation->writing)
        rewrite(translation, token, token->at + 1, token->at + token->length - 1, token->at + token->length,
                0);
}

/* Whether `<<` here has nothing on its left that it could compare. */
static bool wants_operand(const struct aq_translation *translation)
{
    const struct aq_token *previous = &translation->previous;
    switch (previous->kind) {
    case AQ_TOKEN_OTHER:
        return *previous->at != ')';
    case AQ_TOKEN_SYMBOL: {
        bool second = previous->at == translation->first.at;
        return second ? translation->keyword == AQ_KEYWORD_EXPRESSION
                      : translation->keyword == AQ_KEYWORD_ADDRESS;
    }
    default:
        return false;
    }
}

/* Where the line begins that consists of the label, perhaps between blanks; NULL if there is none. */
static const char *find_label(const char *at, const char *end, const char *label, size_t length)
{
    while (at < end) {
        const char *line_end = aq_skip_line(at, end), *word = aq_skip_blanks(at, line_end);
        if ((size_t)(line_end - word) >= length && memcmp(word, label, length) == 0 &&
            aq_skip_blanks(word + length, line_end) == line_end)
            return at;
        at = line_end < end ? line_end + 1 : end;
    }
    return NULL;
}

/* RexxJS reads such a heredoc and makes an object of it. */
static bool is_json(const char *label, size_t length)
{
    for (size_t i = 0; i + 4 <= length; i++)
        if (strncasecmp(label + i, "JSON", 4) == 0)
            return true;
    return false;
}

bool aq_text_heredoc(struct aq_translation *translation, const struct aq_token *token)
{
    const char *end = translation->in.end, *label = token->at + 2;
    size_t length = 0;
    while (label + length < end && aq_is_symbol_char(label[length]))
        length++;
    const char *line_end = aq_skip_line(token->at, end);
    if (length == 0 || (*label >= '0' && *label <= '9') || !wants_operand(translation) ||
        aq_skip_blanks(label + length, line_end) != line_end)
        return false;
    translation->marked = true;
    const char *from = line_end < end ? line_end + 1 : end;
    const char *closing = find_label(from, end, label, length);
    if (closing == NULL) {
        aq_translation_fail(translation, token->at, 6,
                            "the heredoc <<%.*s is never closed: a line that says just %.*s has to follow",
                            (int)(length < 60 ? length : 60), label, (int)(length < 60 ? length : 60), label);
        return true;
    }
    if (is_json(label, length)) {
        aq_translation_fail(
            translation, token->at, 35,
            "<<%.*s would be an object with fields, which is not supported; under a label without "
            "JSON in it it is text, and in REXX a stem holds fields: o.name = value",
            (int)(length < 60 ? length : 60), label);
        return true;
    }
    const char *behind = aq_skip_blanks(closing, end) + length;
    const char *to = closing > from ? closing - 1 : from;
    if (translation->writing)
        rewrite(translation, token, from, to, behind, 0);
    translation->in.at = behind;
    return true;
}
