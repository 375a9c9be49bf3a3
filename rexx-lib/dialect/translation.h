/* SPDX-License-Identifier: MIT */
/*
 * A script on its way through the translator, and the parts that know one construct each. The script goes
 * through them up to three times: to see whether it is RexxJS, which changes nothing; if it is, to learn what
 * its names stand for; and to be rewritten. A plain script that has nothing but redirections of ADDRESS QEMU
 * goes through once more for those. Text is copied lazily: up to `copied` it is in `out`.
 */
#ifndef AQ_DIALECT_TRANSLATION_H
#define AQ_DIALECT_TRANSLATION_H

#include "functions.h"
#include "keyword.h"
#include "names.h"
#include "source.h"
#include "token.h"

enum aq_pass {
    AQ_PASS_LOOK,     /* as plain REXX: what is it? */
    AQ_PASS_LEARN,    /* as RexxJS: what are its names? */
    AQ_PASS_WRITE,    /* as RexxJS: make it REXX */
    AQ_PASS_REDIRECT, /* as plain REXX: ADDRESS QEMU … WITH, and nothing else */
};

struct aq_block;   /* a DO or SELECT that is open */
struct aq_bracket; /* a parenthesis, bracket or brace that is open */

struct aq_translation {
    struct aq_reader in;
    const char *text;   /* where it begins */
    const char *copied; /* up to here it is in `out`, as it is or rewritten */
    struct aq_buffer *out;
    enum aq_pass pass;
    bool writing;   /* AQ_PASS_WRITE */
    bool marked;    /* plain REXX would reject it */
    bool opted;     /* OPTIONS 'REXXJS' */
    bool refused;   /* OPTIONS 'NOREXXJS' */
    bool redirects; /* ADDRESS QEMU … WITH */
    bool failed;
    bool fragment; /* of a script that is translated already, whose names are not known */
    unsigned first_loop;
    struct aq_source_traits *traits;
    struct aq_source_problem *problem;

    /* The clause. */
    enum aq_keyword keyword;
    const struct aq_token *first;    /* its first token */
    const struct aq_token *previous; /* the token before this; of kind END at the clause's beginning */
    struct aq_token tokens[3];       /* they and this: to copy one costs more than to read it */
    struct aq_token skipped;         /* the one before this, if it was passed over */
    bool is_assignment, is_command;
    bool has_value, has_with; /* these words were seen in it */
    bool condition;           /* what follows is one: of IF, WHEN, WHILE or UNTIL */
    bool value_next;          /* the expression that is assigned is next */
    unsigned nots;            /* NOTs whose parenthesis is open, */
    size_t nots_within;       /* in so many brackets */
    const char *closing;      /* what is to be added at the clause's end; NULL */
    const char *with;         /* where the WITH of its redirection is; NULL */
    const char *expected;     /* where the second value of EXPECT begins; NULL */

    struct aq_block *blocks;
    size_t block_count, block_room;
    unsigned loops; /* DO OVERs so far */

    struct aq_bracket *brackets;
    size_t bracket_count, bracket_room;
    const char *previous_end; /* behind the token before this */
    size_t operand;           /* where in `out` the operand begins that came last, if that is known */
    bool operand_known;

    struct aq_pattern *patterns; /* placeholders of the script's own */
    size_t pattern_count;
    bool any_pattern; /* it chooses one while it runs */
};

/* The text up to `from` goes to `out` as it is; what stands up to `to` is skipped: what takes its place is
 * added to `out` next. */
void aq_translation_replace(struct aq_translation *translation, const char *from, const char *to);

/* Everything up to that place is in `out` now; how long that is. */
size_t aq_translation_flush(struct aq_translation *translation, const char *at);

/* Puts the text into `out` at that place. */
void aq_translation_insert(struct aq_translation *translation, size_t at, const char *text);

/* Adds what keeps the line numbers when the text between the two places has been rewritten on one line. */
void aq_translation_pad(struct aq_translation *translation, const char *from, const char *to);

/* The script cannot be translated because of what stands there. The first problem stays. */
void aq_translation_fail(struct aq_translation *translation, const char *at, int error, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));

/* Frees what was allocated on the way; the output stays. */
void aq_translation_free(struct aq_translation *translation);

/* A name's length for messages, which quote no more than 60 bytes. */
static inline int aq_shown(const struct aq_token *token)
{
    return (int)(token->length < 60 ? token->length : 60);
}

/* Does what stands here belong to an expression: not to a name, a template, a keyword? */
bool aq_in_expression(const struct aq_translation *translation);

/* statement.c: LET, REQUIRE, OPTIONS, INTERPOLATION and x += 1, at the clause's first symbol, which has been
 * read. */
void aq_statement_begin(struct aq_translation *translation, const struct aq_token *symbol);
/* At the clause's end. */
void aq_statement_end(struct aq_translation *translation);

/* pattern_clause.c: INTERPOLATION … */
void aq_interpolation(struct aq_translation *translation, const struct aq_token *word);
/* The placeholder of any pattern that the script may use: is there one? */
bool aq_has_placeholder(const struct aq_translation *translation, const char *at, const char *end);

/* assignment.c: where a value is assigned; o.name = x where o may hold an object. At the symbol before the
 * operator, which has been read. */
void aq_assignment(struct aq_translation *translation, const struct aq_token *name);
/* x += e and its kind: false if it is none. */
bool aq_compound_assignment(struct aq_translation *translation, const struct aq_token *name);
/* Is there one behind this place? */
bool aq_is_compound(const char *at, const char *end);
/* At the first token of what is assigned: true if there is nothing left to look at. */
bool aq_assigned_value(struct aq_translation *translation, const struct aq_token *token);

/* symbol.c: a name in an expression. */
void aq_symbol(struct aq_translation *translation, const struct aq_token *symbol);
/* May the variable of that name (what stands before its first period) hold an object? */
bool aq_may_be_object(const struct aq_translation *translation, const struct aq_token *symbol);

/* What a NOT stands before has come to its end, at that place. */
void aq_close_nots(struct aq_translation *translation, const char *at);

/* loop.c: DO x OVER y, and the names that its END, LEAVE and ITERATE may carry. */
void aq_loop_do(struct aq_translation *translation, const struct aq_token *symbol);
void aq_loop_select(struct aq_translation *translation);
void aq_loop_end(struct aq_translation *translation);
void aq_loop_leave(struct aq_translation *translation);
/* At the clause's end, if it was DO x OVER y. */
void aq_loop_begun(struct aq_translation *translation);

/* text.c: strings that are interpolated, span lines or have escapes, in backquotes or a heredoc. The token
 * has been read. */
void aq_text_string(struct aq_translation *translation, const struct aq_token *token);
/* A string as it is meant, on one line and with nothing to fill: a member's name. */
void aq_text_key(struct aq_translation *translation, const struct aq_token *token);
void aq_text_backquoted(struct aq_translation *translation, const struct aq_token *token);
/* At the first < of two; false if no heredoc begins there. */
bool aq_text_heredoc(struct aq_translation *translation, const struct aq_token *token);

/* bracket.c: what is open; bracket_literal.c and call.c: what they mean. */
void aq_bracket_open(struct aq_translation *translation, const struct aq_token *token);
void aq_bracket_comma(struct aq_translation *translation, const struct aq_token *token);
void aq_bracket_close(struct aq_translation *translation, const struct aq_token *token);
/* At every token within one, before it is looked at: true if there is nothing left to look at. */
bool aq_bracket_token(struct aq_translation *translation, const struct aq_token *token);
/* At the clause's end: nothing stays open. */
void aq_bracket_end(struct aq_translation *translation);
/* What is still open is forgotten. */
void aq_bracket_drop_all(struct aq_translation *translation);
/* The name behind CALL. */
void aq_call_name(struct aq_translation *translation, const struct aq_token *name);
/* f a=1 b=2, without parentheses: the name has been read. False if it is not that. */
bool aq_call_bare(struct aq_translation *translation, const struct aq_token *name, const char *before);

/* redirect.c: ADDRESS QEMU … WITH …; true if the clause is one (and has been dealt with). */
bool aq_redirect(struct aq_translation *translation, const struct aq_token *word);
/* At its WITH. */
void aq_redirect_with(struct aq_translation *translation);

/* expect.c: ADDRESS EXPECTATIONS "EXPECT" value "expected"; true if the clause is one. */
bool aq_expect(struct aq_translation *translation, const struct aq_token *word);
/* At the token where its second value begins. */
void aq_expect_second(struct aq_translation *translation, const struct aq_token *token);

#endif
