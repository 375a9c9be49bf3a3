/* SPDX-License-Identifier: MIT */
/*
 * Texts that REXX cannot write as they stand become expressions of its own strings: lines joined by '0A'x,
 * and where a placeholder is to be filled, a call around it. Line ends within a text are line feeds, whatever
 * the script's are.
 */
#include <string.h>
#include <strings.h>

#include "translation.h"

/* Regina takes no clause that is much longer. */
#define TEXT_MAX 60000

/* So many lines are joined in one parenthesis: Regina's evaluation goes as deep as a chain is long. */
#define CHAIN 50

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
        ahead.at = translation->first->at + translation->first->length;
        name = aq_token_peek(&ahead);
    }
    if (name.kind == AQ_TOKEN_STRING && memchr(name.at, '\n', name.length) == NULL)
        aq_buffer_format(translation->out, ", %.*s", (int)name.length, name.at);
    else if (name.kind == AQ_TOKEN_SYMBOL && !aq_token_is(&name, "VALUE"))
        aq_buffer_format(translation->out, ", \"%.*s\"", (int)name.length, name.at);
    else if (translation->is_command)
        aq_buffer_add_text(translation->out, ", ADDRESS()");
}

/* Whether a string here is part of an expression: a name or a template is not. */
static bool is_expression(const struct aq_translation *translation, const struct aq_token *token)
{
    const char *behind = token->at + token->length;
    return !aq_text_starts(behind, translation->in.end, "(") && /* a function's name */
           aq_in_expression(translation);
}

/* A text on its way into the output. */
struct text {
    const char *from, *to;      /* what it holds */
    const char *begin, *behind; /* what stands for it in the script */
    char quote;                 /* what quotes in it are doubled already; 0 for none */
    bool fills, is_json;
};

/* Puts the text in its place. */
static void rewrite(struct aq_translation *translation, const struct text *text)
{
    if (text->to - text->from > TEXT_MAX) {
        aq_translation_fail(
            translation, text->begin, 12,
            "a text of %zu bytes: at most %d fit into a clause; read it from a file with CHARIN",
            (size_t)(text->to - text->from), TEXT_MAX);
        return;
    }
    aq_translation_replace(translation, text->begin, text->behind);
    if (text->begin > translation->text && aq_is_symbol_char(text->begin[-1]))
        aq_buffer_add_text(translation->out, "||"); /* a call would be read as part of that name */
    aq_buffer_add_text(translation->out, text->fills     ? AQ_TEXT_FUNCTION "("
                                         : text->is_json ? "JSON_PARSE("
                                                         : "");
    add_lines(translation->out, text->from, text->to, text->quote);
    if (text->fills)
        add_environment(translation);
    if (text->fills || text->is_json)
        aq_buffer_add_char(translation->out, ')');
    aq_translation_pad(translation, text->begin, text->behind);
    translation->in.at = text->behind;
}

/* RESULT.x in a placeholder is read like any other. */
static void learn(struct aq_translation *translation, const char *from, const char *to)
{
    static const char word[] = "RESULT.";
    for (const char *at = from; !translation->traits->reads_result && to - at >= (long)strlen(word); at++)
        translation->traits->reads_result = (*at & ~0x20) == 'R' && strncasecmp(at, word, strlen(word)) == 0;
}

/* Four or eight hexadecimal digits, the longer if it is a character of Unicode. 0 for none. */
static unsigned read_code(const char *at, const char *end, size_t *digits)
{
    unsigned code = 0, four = 0;
    size_t n = 0;
    for (; n < 8 && at + n < end && strchr("0123456789abcdefABCDEF", at[n]) != NULL && at[n] != '\0'; n++) {
        char c = at[n];
        code = code * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        four = n == 3 ? code : four;
    }
    *digits = n == 8 && code <= 0x10ffff ? 8 : n >= 4 ? 4 : 0;
    return *digits == 8 ? code : four;
}

static void add_utf8(struct aq_buffer *to, unsigned code)
{
    static const struct {
        unsigned below, lead, shift;
    } forms[] = {{0x80, 0, 0}, {0x800, 0xc0, 6}, {0x10000, 0xe0, 12}, {0x110000, 0xf0, 18}};
    size_t form = 0;
    while (code >= forms[form].below)
        form++;
    aq_buffer_add_char(to, (char)(forms[form].lead | code >> forms[form].shift));
    for (unsigned shift = forms[form].shift; shift > 0; shift -= 6)
        aq_buffer_add_char(to, (char)(0x80 | (code >> (shift - 6) & 0x3f)));
}

/* What the backslash there and what follows it stand for: how much of the text that is; 0 if just itself. */
static size_t add_escape(struct aq_buffer *to, const char *at, const char *end, bool quotes_only)
{
    static const char letters[] = "\"'\\nrt", meanings[] = "\"'\\\n\r\t";
    size_t digits;
    if (at + 1 == end)
        return 0;
    if (at[1] == 'u' && !quotes_only) {
        unsigned code = read_code(at + 2, end, &digits);
        if (digits > 0)
            add_utf8(to, code);
        return digits > 0 ? digits + 2 : 0;
    }
    const char *letter = memchr(letters, at[1], quotes_only ? 1 : strlen(letters));
    if (letter == NULL)
        return 0;
    aq_buffer_add_char(to, meanings[letter - letters]);
    return 2;
}

/* The text between double quotes as it is meant: "" and \" are quotes, and but for commands, whose
 * backslashes are their own, \n \r \t \\ \' and \uXXXX what they are in JavaScript. */
static void expand(const struct text *text, bool quotes_only, struct aq_buffer *to)
{
    for (const char *at = text->from; at < text->to;) {
        size_t taken = *at == '\\' ? add_escape(to, at, text->to, quotes_only) : 0;
        if (taken == 0) {
            bool doubled = *at == '"' && at + 1 < text->to && at[1] == '"';
            if (*at != '\r' || at + 1 == text->to || at[1] != '\n')
                aq_buffer_add_char(to, *at);
            taken = doubled ? 2 : 1;
        }
        at += taken;
    }
}

void aq_text_key(struct aq_translation *translation, const struct aq_token *token)
{
    struct text text = {.from = token->at + 1, .to = token->at + token->length - 1};
    aq_autobuffer struct aq_buffer expanded = {0};
    if (*token->at == '"') {
        expand(&text, false, &expanded);
        add_lines(translation->out, aq_buffer_text(&expanded), aq_buffer_text(&expanded) + expanded.length,
                  0);
    } else
        add_lines(translation->out, text.from, text.to, *token->at);
}

void aq_text_string(struct aq_translation *translation, const struct aq_token *token)
{
    struct text text = {.from = token->at + 1,
                        .to = token->at + token->length - 1,
                        .begin = token->at,
                        .behind = token->at + token->length,
                        .quote = *token->at};
    if (translation->pass == AQ_PASS_LEARN)
        learn(translation, text.from, text.to);
    if (!translation->writing)
        return;
    size_t length = (size_t)(text.to - text.from);
    bool is_double = text.quote == '"';
    text.fills =
        is_double && aq_has_placeholder(translation, text.from, text.to) && is_expression(translation, token);
    aq_autobuffer struct aq_buffer expanded = {0};
    bool escapes = is_double && memchr(text.from, '\\', length) != NULL;
    if (escapes) {
        expand(&text, translation->is_command || translation->keyword == AQ_KEYWORD_ADDRESS, &expanded);
        text.from = aq_buffer_text(&expanded);
        text.to = text.from + expanded.length;
        text.quote = 0;
    }
    if (text.fills || escapes || memchr(token->at, '\n', token->length) != NULL)
        rewrite(translation, &text);
}

void aq_text_backquoted(struct aq_translation *translation, const struct aq_token *token)
{
    struct text text = {.from = token->at + 1,
                        .to = token->at + token->length - 1,
                        .begin = token->at,
                        .behind = token->at + token->length};
    translation->marked = true;
    if (translation->pass == AQ_PASS_LEARN)
        learn(translation, text.from, text.to);
    if (!translation->writing)
        return;
    text.fills = aq_has_placeholder(translation, text.from, text.to) && is_expression(translation, token);
    rewrite(translation, &text);
}

/* Whether `<<` here has nothing on its left that it could compare. */
static bool wants_operand(const struct aq_translation *translation)
{
    const struct aq_token *previous = translation->previous;
    switch (previous->kind) {
    case AQ_TOKEN_OTHER:
        return *previous->at != ')' && *previous->at != ']';
    case AQ_TOKEN_SYMBOL: {
        bool second = previous->at == translation->first->at;
        return second ? translation->keyword == AQ_KEYWORD_EXPRESSION ||
                            translation->keyword == AQ_KEYWORD_INTERPRET
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

static void put_heredoc(struct aq_translation *translation, const struct aq_token *token, struct text *text,
                        bool json)
{
    text->is_json = json;
    if (translation->pass == AQ_PASS_LEARN && !json)
        learn(translation, text->from, text->to);
    if (translation->writing) {
        text->fills = !json && aq_has_placeholder(translation, text->from, text->to) &&
                      is_expression(translation, token);
        rewrite(translation, text);
    }
    translation->in.at = text->behind;
    translation->in.operand = true;
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
    struct text text = {.from = from,
                        .to = closing > from ? closing - 1 : from,
                        .begin = token->at,
                        .behind = aq_skip_blanks(closing, end) + length};
    put_heredoc(translation, token, &text, is_json(label, length));
    return true;
}
