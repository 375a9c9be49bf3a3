/* SPDX-License-Identifier: MIT */
/*
 * REXX source as tokens, with the boundaries of clauses: what ends one (a line's end, unless a comma stands
 * before it; a semicolon; THEN, ELSE and OTHERWISE; a label's colon) and which token begins one. Blanks and
 * comments are passed over. Every construct of the dialect is recognised on these tokens, nowhere on lines.
 */
#ifndef AQ_DIALECT_TOKEN_H
#define AQ_DIALECT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum aq_token_kind {
    AQ_TOKEN_END,
    AQ_TOKEN_CLAUSE_END, /* a line's end or a semicolon behind a clause that is not empty */
    AQ_TOKEN_LABEL,      /* with its colon */
    AQ_TOKEN_SYMBOL,
    AQ_TOKEN_STRING,       /* with its quotes */
    AQ_TOKEN_LITERAL,      /* a hexadecimal or binary string, with its quotes and its suffix */
    AQ_TOKEN_OPEN_STRING,  /* a quote without its mate, up to where it was looked for */
    AQ_TOKEN_BACKQUOTED,   /* `text`: not REXX */
    AQ_TOKEN_OPEN_COMMENT, /* up to the end of the text */
    AQ_TOKEN_SLASHES,      /* two slashes and a comment to the line's end: not REXX */
    AQ_TOKEN_UNCLEAR,      /* two slashes that may begin a comment and may be the remainder */
    AQ_TOKEN_OTHER         /* a character: part of an operator, a comma, a parenthesis, anything; or // */
};

struct aq_token {
    enum aq_token_kind kind;
    bool first; /* of its clause */
    const char *at;
    size_t length;
};

/* Set at, end and text, fresh to true and the rest to zero. A copy reads ahead. */
struct aq_reader {
    const char *at, *end;
    const char *text;  /* where the script begins */
    bool rexxjs;       /* as RexxJS has it: quotes may close on a later line, \" within them is one of the
                          text, and // begins a comment wherever it cannot be the remainder */
    unsigned brackets; /* that are open: a line's end in them is none of the clause's */
    bool fresh;        /* the next token is the first of a clause */
    bool continued;    /* a comma came last: a line's end is not the clause's */
    bool condition;    /* of IF or WHEN, which THEN ends */
    bool operand;      /* one came last: // may be the remainder */
    bool before_comma; /* one came before the comma that came last */

    /* How \" is read on the line that ends there. */
    const char *line_end;
    bool escapes;
};

void aq_token_next(struct aq_reader *reader, struct aq_token *token);

/* Passes over tokens within a clause that neither make a script RexxJS nor mean anything to it in plain REXX:
 * most of what names and operators there are. The last of them becomes *last; false if there is none. */
bool aq_token_skim(struct aq_reader *reader, struct aq_token *last);

/* The next token, left where it is. */
struct aq_token aq_token_peek(const struct aq_reader *reader);

/* Whether it is that symbol, in any case; the word is of letters in upper case. (A library's comparison would
 * be the larger part of what it costs to look through a script.) */
static inline bool aq_token_is(const struct aq_token *token, const char *word)
{
    size_t length = strlen(word);
    if (token->length != length || token->kind != AQ_TOKEN_SYMBOL)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((token->at[i] & ~0x20) != word[i])
            return false;
    return true;
}

/* Whether it is or begins with that character. */
static inline bool aq_token_is_char(const struct aq_token *token, char c)
{
    return token->kind == AQ_TOKEN_OTHER && *token->at == c;
}

/* Whether it ends the clause, or the script. */
static inline bool aq_token_ends(const struct aq_token *token)
{
    return token->kind == AQ_TOKEN_CLAUSE_END || token->kind == AQ_TOKEN_END;
}

bool aq_is_symbol_char(char c);

/* Whether the text goes on like that. */
static inline bool aq_text_starts(const char *at, const char *end, const char *with)
{
    size_t length = strlen(with);
    return (size_t)(end - at) >= length && memcmp(at, with, length) == 0;
}

/* Is the quote within the text, after a backslash of its own? `from` is where the text begins. */
static inline bool aq_is_escaped(const char *from, const char *quote)
{
    const char *at = quote;
    while (at > from && at[-1] == '\\')
        at--;
    return (quote - at) % 2 == 1;
}

/* Behind the blanks that stand there. */
const char *aq_skip_blanks(const char *at, const char *end);

/* The line's end: its newline, or the end of the text. */
const char *aq_skip_line(const char *at, const char *end);

/* What two slashes behind an operand are, by what follows them on their line: AQ_TOKEN_SLASHES,
 * AQ_TOKEN_UNCLEAR, or AQ_TOKEN_OTHER for the remainder. */
enum aq_token_kind aq_judge_slashes(const struct aq_reader *reader, const char *behind, const char *line_end);

#endif
