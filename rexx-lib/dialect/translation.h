/* SPDX-License-Identifier: MIT */
/*
 * A script on its way through the translator, and the parts that know one construct each. The script goes
 * through them once to see whether it is RexxJS (`writing` is false: constructs are recognised and nothing is
 * changed) and, only if so, once more to be rewritten. Text is copied lazily: up to `copied` it is in `out`.
 */
#ifndef AQ_DIALECT_TRANSLATION_H
#define AQ_DIALECT_TRANSLATION_H

#include "source.h"
#include "token.h"

/* Words that may begin a clause and matter here. */
enum aq_keyword {
    AQ_KEYWORD_NONE, /* an assignment, a command, or an instruction like any other */
    AQ_KEYWORD_ADDRESS,
    AQ_KEYWORD_ARG,
    AQ_KEYWORD_CALL,
    AQ_KEYWORD_DO,
    AQ_KEYWORD_END,
    AQ_KEYWORD_EXPRESSION, /* SAY, RETURN and others that an expression follows */
    AQ_KEYWORD_INTERPOLATION,
    AQ_KEYWORD_ITERATE, /* and LEAVE */
    AQ_KEYWORD_LET,
    AQ_KEYWORD_OPTIONS,
    AQ_KEYWORD_PARSE,
    AQ_KEYWORD_REQUIRE,
    AQ_KEYWORD_SELECT,
    AQ_KEYWORD_SIGNAL, /* and others that a name follows */
    AQ_KEYWORD_OTHER   /* no command */
};

struct aq_block;       /* a DO or SELECT that is open */
struct aq_parenthesis; /* one that is open */

struct aq_translation {
    struct aq_reader in;
    const char *text;   /* where it begins */
    const char *copied; /* up to here it is in `out`, as it is or rewritten */
    struct aq_buffer *out;
    bool writing;
    bool marked;  /* plain REXX would reject it */
    bool opted;   /* OPTIONS 'REXXJS' */
    bool refused; /* OPTIONS 'NOREXXJS' */
    bool failed;
    struct aq_source_traits *traits;
    struct aq_source_problem *problem;

    /* The clause. */
    enum aq_keyword keyword;
    struct aq_token first, previous; /* its first token; the one before this */
    bool is_assignment, is_command;
    bool has_value, has_with; /* these words were seen in it */
    bool compound;            /* the parenthesis of x = x + ( is open */

    struct aq_block *blocks;
    size_t block_count, block_room;
    unsigned loops; /* DO OVERs so far */

    struct aq_parenthesis *parentheses;
    size_t parenthesis_count, parenthesis_room;
};

/* The text up to `from` goes to `out` as it is; what stands up to `to` is skipped: what takes its place is
 * added to `out` next. */
void aq_translation_replace(struct aq_translation *translation, const char *from, const char *to);

/* Adds what keeps the line numbers when the text between the two places has been rewritten on one line. */
void aq_translation_pad(struct aq_translation *translation, const char *from, const char *to);

/* The script cannot be translated because of what stands there. The first problem stays. */
void aq_translation_fail(struct aq_translation *translation, const char *at, int error, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));

/* statement.c: LET, REQUIRE, OPTIONS, INTERPOLATION and x += 1, at the clause's first symbol, which has been
 * read. */
void aq_statement_begin(struct aq_translation *translation, const struct aq_token *symbol);
/* At the clause's end. */
void aq_statement_end(struct aq_translation *translation);

/* loop.c: DO x OVER y, and the names that its END, LEAVE and ITERATE may carry. */
void aq_loop_do(struct aq_translation *translation, const struct aq_token *symbol);
void aq_loop_select(struct aq_translation *translation);
void aq_loop_end(struct aq_translation *translation);
void aq_loop_leave(struct aq_translation *translation);

/* text.c: strings that are interpolated or span lines, in backquotes or a heredoc. The token has been read.
 */
void aq_text_string(struct aq_translation *translation, const struct aq_token *token);
void aq_text_backquoted(struct aq_translation *translation, const struct aq_token *token);
/* At the first < of two; false if no heredoc begins there. */
bool aq_text_heredoc(struct aq_translation *translation, const struct aq_token *token);

/* call.c: functions with named arguments, by the parentheses around them. */
void aq_call_open(struct aq_translation *translation, const struct aq_token *token);
void aq_call_comma(struct aq_translation *translation, const struct aq_token *token);
void aq_call_close(struct aq_translation *translation, const struct aq_token *token);

#endif
