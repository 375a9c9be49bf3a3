/* SPDX-License-Identifier: MIT */
/*
 * What // is behind an operand, in a script in RexxJS style, which has it for comments and REXX for the
 * remainder. It is read from what follows on the line: two words with nothing between them are no expression
 * that anybody writes, a word that is nowhere else has no value, and the rest can only be one thing or the
 * other.
 */
#include "token.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Words that end an expression within a clause. */
static bool ends_expression(const char *word, size_t length)
{
    static const char *const words[] = {"THEN", "TO", "BY", "FOR", "WHILE", "UNTIL", "WITH"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && strncasecmp(words[i], word, length) == 0)
            return true;
    return false;
}

/* Behind the string that begins here; NULL if it is not closed on the line. */
static const char *skip_string(const char *at, const char *end)
{
    const char *closing = memchr(at + 1, *at, (size_t)(end - at - 1));
    return closing != NULL ? closing + 1 : NULL;
}

/* Through the rest of the line. `words` is set where two stand side by side. False for what cannot be read as
 * an expression at all. */
static bool look(const char *at, const char *end, bool *words)
{
    const char *word_end = NULL; /* of the word that came last, when only blanks follow it */
    while (at < end && *at != ';') {
        if (at + 1 < end && ((at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*')))
            return true;
        if (is_blank(*at))
            at++;
        else if (aq_is_symbol_char(*at)) {
            const char *from = at;
            while (at < end && aq_is_symbol_char(*at))
                at++;
            if (ends_expression(from, (size_t)(at - from)))
                return true;
            *words |= word_end != NULL && word_end < from;
            word_end = at;
        } else if (*at == '\'' || *at == '"') {
            at = skip_string(at, end);
            word_end = NULL;
            if (at == NULL)
                return false;
        } else if (strchr("+-*/%|&=<>\\(),^", *at) != NULL) {
            at++;
            word_end = NULL;
        } else
            return false;
    }
    return true;
}

/* Variables that are set without being named. */
static bool is_set_unseen(const char *word, size_t length)
{
    static const char *const names[] = {"RC", "RESULT", "SIGL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncasecmp(names[i], word, length) == 0)
            return true;
    return length > 5 && strncasecmp(word, "QEMU_", 5) == 0;
}

static bool is_nowhere_else(const struct aq_reader *reader, const char *word, size_t length)
{
    for (const char *at = reader->text; at + length <= reader->end; at++) {
        bool begins = at == reader->text || !aq_is_symbol_char(at[-1]);
        bool ends = at + length == reader->end || !aq_is_symbol_char(at[length]) || at[length] == '.';
        if (at != word && begins && ends && strncasecmp(at, word, length) == 0)
            return false;
    }
    return true;
}

/* One word to the line's end which the script has nowhere else: if it were a variable, it would have no
 * value. */
static bool is_remark(const struct aq_reader *reader, const char *word, const char *line_end)
{
    const char *at = word;
    while (at < line_end && aq_is_symbol_char(*at) && *at != '.')
        at++;
    size_t length = (size_t)(at - word);
    while (at < line_end && is_blank(*at))
        at++;
    return length > 0 && at == line_end && (*word < '0' || *word > '9') && !is_set_unseen(word, length) &&
           is_nowhere_else(reader, word, length);
}

enum aq_token_kind aq_judge_slashes(const struct aq_reader *reader, const char *behind, const char *line_end)
{
    const char *at = behind;
    bool words = false;
    while (at < line_end && is_blank(*at))
        at++;
    if (at == line_end || !look(at, line_end, &words) || strchr("*/%|&=<>),", *at) != NULL)
        return AQ_TOKEN_SLASHES;
    if (!words)
        return is_remark(reader, at, line_end) ? AQ_TOKEN_SLASHES : AQ_TOKEN_OTHER;
    return *at >= '0' && *at <= '9' ? AQ_TOKEN_UNCLEAR : AQ_TOKEN_SLASHES;
}
