/* SPDX-License-Identifier: MIT */
#include "token.h"

#include <ctype.h>

enum { OTHER, BLANK, NEWLINE, SYMBOL, QUOTE, SPECIAL };

/* Blanks, newlines, symbols' characters, quotes, and what needs a closer look (- / ; , and `). */
static const unsigned char classes[256] = {
    [' '] = BLANK,          ['\t'] = BLANK,         ['\r'] = BLANK,        ['\f'] = BLANK,  ['\v'] = BLANK,
    ['\n'] = NEWLINE,       ['"'] = QUOTE,          ['\''] = QUOTE,        ['-'] = SPECIAL, ['/'] = SPECIAL,
    [';'] = SPECIAL,        [','] = SPECIAL,        ['.'] = SYMBOL,        ['_'] = SYMBOL,  ['!'] = SYMBOL,
    ['?'] = SYMBOL,         ['@'] = SYMBOL,         ['#'] = SYMBOL,        ['$'] = SYMBOL,  ['`'] = SPECIAL,
    ['0' ... '9'] = SYMBOL, ['A' ... 'Z'] = SYMBOL, ['a' ... 'z'] = SYMBOL};

static int class_of(char c)
{
    return classes[(unsigned char)c];
}

bool aq_is_symbol_char(char c)
{
    return class_of(c) == SYMBOL;
}

const char *aq_skip_blanks(const char *at, const char *end)
{
    while (at < end && class_of(*at) == BLANK)
        at++;
    return at;
}

const char *aq_skip_line(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline != NULL ? newline : end;
}

/* Behind the comment that begins there; they nest. NULL for one that is never closed. */
static const char *skip_comment(const char *at, const char *end)
{
    int depth = 1;
    at += 2;
    while (depth > 0) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        if (slash == NULL)
            return NULL;
        bool closes = slash > at && slash[-1] == '*', opens = !closes && aq_text_starts(slash, end, "/*");
        depth += opens - closes;
        at = slash + 1 + opens;
    }
    return at;
}

static void finish(struct aq_reader *reader, struct aq_token *token, enum aq_token_kind kind, const char *to)
{
    token->kind = kind;
    token->length = (size_t)(to - token->at);
    reader->at = to;
}

/* The clause is still to come behind a label's colon. At what came first in a clause. */
static bool take_colon(struct aq_reader *reader, struct aq_token *token)
{
    const char *colon = aq_skip_blanks(reader->at, reader->end);
    if (colon == reader->end || *colon != ':')
        return false;
    finish(reader, token, AQ_TOKEN_LABEL, colon + 1);
    reader->fresh = true;
    return true;
}

static void take_symbol(struct aq_reader *reader, struct aq_token *token)
{
    const char *to = token->at + 1;
    while (to < reader->end && class_of(*to) == SYMBOL)
        to++;
    finish(reader, token, AQ_TOKEN_SYMBOL, to);
    if (token->first && take_colon(reader, token))
        return;
    switch (token->length) {
    case 2:
        reader->condition |= token->first && aq_token_is(token, "IF");
        break;
    case 4:
        if ((token->first || reader->condition) && aq_token_is(token, "THEN")) {
            reader->condition = false;
            reader->fresh = true;
        }
        reader->fresh |= token->first && aq_token_is(token, "ELSE");
        reader->condition |= token->first && aq_token_is(token, "WHEN");
        break;
    case 9:
        reader->fresh |= token->first && aq_token_is(token, "OTHERWISE");
        break;
    default:
        break;
    }
}

/* Whether the line's quotes come out in pairs, from within a string that `quote` ends on. */
static bool line_closes(const char *at, const char *end, char quote, bool escapes)
{
    const char *from = at;
    for (; at < end; at++) {
        if (quote != 0) {
            if (*at == quote && !(escapes && quote == '"' && aq_is_escaped(from, at)))
                quote = 0;
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
            from = at + 1;
        } else if (aq_text_starts(at, end, "--"))
            return true;
        else if (aq_text_starts(at, end, "/*")) {
            const char *behind = skip_comment(at, end);
            if (behind == NULL)
                return true;
            at = behind - 1;
        }
    }
    return quote == 0;
}

/* Is the \" at that place of a string a quote in it? Yes if the line's quotes then come out in pairs, or if
 * they do not either way; no where it has to end the string: "C:\dir\". */
static bool reads_escapes(struct aq_reader *reader, const char *text, const char *at)
{
    if (reader->line_end == NULL || at > reader->line_end) {
        const char *newline = memrchr(text, '\n', (size_t)(at - text));
        const char *from = newline != NULL ? newline + 1 : text;
        reader->line_end = aq_skip_line(at, reader->end);
        reader->escapes = line_closes(from, reader->line_end, '"', true) ||
                          !line_closes(from, reader->line_end, '"', false);
    }
    return reader->escapes;
}

/* The closing quote's place, or NULL. Without rexxjs it has to be on the line. */
static const char *find_closing(struct aq_reader *reader, const char *at)
{
    char quote = *at++;
    const char *text = at, *end = reader->rexxjs ? reader->end : aq_skip_line(at, reader->end);
    while ((at = memchr(at, quote, (size_t)(end - at))) != NULL) {
        if (reader->rexxjs && quote == '"' && aq_is_escaped(text, at) && reads_escapes(reader, text, at))
            at++;
        else if (at + 1 < end && at[1] == quote)
            at += 2;
        else
            break;
    }
    return at;
}

/* A single x or b behind the quote makes it a hexadecimal or binary string. */
static bool has_suffix(const char *behind, const char *end)
{
    if (behind == end || (behind + 1 < end && class_of(behind[1]) == SYMBOL))
        return false;
    char suffix = (char)(*behind | 0x20);
    return suffix == 'x' || suffix == 'b';
}

static void take_string(struct aq_reader *reader, struct aq_token *token)
{
    const char *closing = find_closing(reader, token->at);
    if (closing == NULL) {
        finish(reader, token, AQ_TOKEN_OPEN_STRING,
               reader->rexxjs ? reader->end : aq_skip_line(token->at, reader->end));
        return;
    }
    bool literal = has_suffix(closing + 1, reader->end);
    finish(reader, token, literal ? AQ_TOKEN_LITERAL : AQ_TOKEN_STRING, closing + (literal ? 2 : 1));
    if (token->first)
        take_colon(reader, token);
}

static void take_backquoted(struct aq_reader *reader, struct aq_token *token)
{
    const char *from = token->at + 1;
    const char *closing = memchr(from, '`', (size_t)(reader->end - from));
    if (closing != NULL)
        finish(reader, token, AQ_TOKEN_BACKQUOTED, closing + 1);
    else
        finish(reader, token, AQ_TOKEN_OPEN_STRING, reader->end);
}

/* A line's end or a semicolon: true where it ends a clause. */
static bool take_end(struct aq_reader *reader, struct aq_token *token)
{
    bool ends = !reader->fresh && !(*token->at == '\n' && (reader->continued || reader->brackets > 0));
    reader->at++;
    reader->operand |= reader->continued && reader->before_comma;
    reader->continued = false;
    if (!ends)
        return false;
    reader->fresh = true;
    reader->condition = reader->operand = false;
    token->kind = AQ_TOKEN_CLAUSE_END;
    token->length = 1;
    return true;
}

/* At one of the characters that may begin a comment: true if it was one that nobody needs to hear of. */
static bool pass_comment(struct aq_reader *reader, struct aq_token *token)
{
    const char *at = token->at, *end = reader->end;
    if (at + 1 == end)
        return false;
    if (at[0] == '-' && at[1] == '-') {
        reader->at = aq_skip_line(at, end);
        return true;
    }
    if (at[0] == '/' && at[1] == '*') {
        reader->at = skip_comment(at, end);
        if (reader->at != NULL)
            return true;
        finish(reader, token, AQ_TOKEN_OPEN_COMMENT, end);
    } else if (at[0] == '/' && at[1] == '/' && (reader->fresh || reader->rexxjs)) {
        const char *line_end = aq_skip_line(at, end);
        enum aq_token_kind kind =
            reader->operand ? aq_judge_slashes(reader, at + 2, line_end) : AQ_TOKEN_SLASHES;
        if (kind != AQ_TOKEN_OTHER)
            finish(reader, token, kind, line_end);
    }
    return false;
}

/* True with a token; false to go on behind what was none. */
static bool take_special(struct aq_reader *reader, struct aq_token *token)
{
    if (*token->at == ';')
        return take_end(reader, token);
    if (pass_comment(reader, token))
        return false;
    if (reader->at != token->at) /* an open comment, or slashes */
        return true;
    token->first = reader->fresh;
    reader->fresh = false;
    reader->continued = *token->at == ',';
    reader->before_comma = reader->operand;
    reader->operand = *token->at == '`';
    if (*token->at == '`')
        take_backquoted(reader, token);
    else if (aq_text_starts(token->at, reader->end, "//"))
        finish(reader, token, AQ_TOKEN_OTHER, token->at + 2);
    else
        finish(reader, token, AQ_TOKEN_OTHER, token->at + 1);
    return true;
}

/* Instructions that need nothing behind them. */
static bool stands_alone(const struct aq_token *symbol)
{
    static const char *const words[] = {"DO",   "END",    "EXIT",   "ITERATE", "LEAVE",
                                        "LOOP", "RETURN", "SELECT", "NOP",     "TRACE"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (aq_token_is(symbol, words[i]))
            return true;
    return false;
}

/* A text that begins or ends with a letter: whatever its placeholders stand for, that is no number, of which
 * there would be a remainder. */
static bool is_words(const struct aq_token *string)
{
    const char *first = string->at + 1, *last = string->at + string->length - 2;
    while (first < last && (*first == ' ' || *first == '\t'))
        first++;
    while (first < last && (*last == ' ' || *last == '\t'))
        last--;
    return string->kind == AQ_TOKEN_STRING && first <= last &&
           (isalpha((unsigned char)*first) || isalpha((unsigned char)*last));
}

static void take_first_or_later(struct aq_reader *reader, struct aq_token *token, int class)
{
    token->first = reader->fresh;
    reader->fresh = false;
    reader->continued = false;
    if (class == SYMBOL)
        take_symbol(reader, token);
    else if (class == QUOTE)
        take_string(reader, token);
    else
        finish(reader, token, AQ_TOKEN_OTHER, token->at + 1);
    if (class == OTHER)
        reader->operand = *token->at == ')' || *token->at == ']' || *token->at == '}';
    else
        reader->operand = !reader->fresh &&
                          !(reader->rexxjs && class == SYMBOL && token->first && stands_alone(token)) &&
                          !(class == QUOTE && is_words(token));
}

void aq_token_next(struct aq_reader *reader, struct aq_token *token)
{
    token->first = false;
    for (;;) {
        reader->at = token->at = aq_skip_blanks(reader->at, reader->end);
        if (token->at == reader->end) {
            finish(reader, token, AQ_TOKEN_END, token->at);
            return;
        }
        int class = class_of(*token->at);
        if (class == NEWLINE ? take_end(reader, token) : class == SPECIAL && take_special(reader, token))
            return;
        if (class != NEWLINE && class != SPECIAL) {
            take_first_or_later(reader, token, class);
            return;
        }
    }
}

/* What begins what may be passed over: operators that are the same in RexxJS, and names that are not
 * ON, THEN, TRACE or ERROR. */
enum { STOP, OPERATOR, WORD };

static const unsigned char skimmed[256] = {
    ['='] = OPERATOR,     ['+'] = OPERATOR,     ['*'] = OPERATOR,     ['%'] = OPERATOR,
    ['('] = OPERATOR,     [')'] = OPERATOR,     ['&'] = OPERATOR,     ['>'] = OPERATOR,
    [','] = OPERATOR,     ['.'] = WORD,         ['_'] = WORD,         ['0' ... '9'] = WORD,
    ['A' ... 'D'] = WORD, ['F' ... 'N'] = WORD, ['P' ... 'S'] = WORD, ['U' ... 'Z'] = WORD,
    ['a' ... 'd'] = WORD, ['f' ... 'n'] = WORD, ['p' ... 's'] = WORD, ['u' ... 'z'] = WORD};

bool aq_token_skim(struct aq_reader *reader, struct aq_token *last)
{
    const char *at = reader->at, *end = reader->end;
    bool operand = reader->operand, any = false;
    for (;;) {
        at = aq_skip_blanks(at, end);
        const char *from = at;
        int class = at < end ? skimmed[(unsigned char)*at++] : STOP;
        while (class == WORD && at < end && class_of(*at) == SYMBOL)
            at++;
        if (class == STOP || (class == WORD && at < end && (*at == '(' || *at == '\\')))
            return any;
        reader->at = at;
        reader->before_comma = operand;
        reader->operand = operand = class == WORD || *from == ')';
        reader->continued = *from == ',';
        last->kind = class == WORD ? AQ_TOKEN_SYMBOL : AQ_TOKEN_OTHER;
        last->at = from;
        last->length = (size_t)(at - from);
        any = true;
    }
}

struct aq_token aq_token_peek(const struct aq_reader *reader)
{
    struct aq_reader ahead = *reader;
    struct aq_token token;
    aq_token_next(&ahead, &token);
    return token;
}
