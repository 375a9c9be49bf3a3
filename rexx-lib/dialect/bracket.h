/* SPDX-License-Identifier: MIT */
/* A parenthesis, bracket or brace that is open, and what is known of what it holds so far. */
#ifndef AQ_DIALECT_BRACKET_H
#define AQ_DIALECT_BRACKET_H

#include "translation.h"

enum aq_bracket_kind {
    AQ_BRACKET_PLAIN, /* of an expression */
    AQ_BRACKET_CALL,  /* f(…) */
    AQ_BRACKET_BARE,  /* f a=1 b=2, up to the clause's end */
    AQ_BRACKET_INDEX, /* a[…] */
    AQ_BRACKET_ARRAY, /* […] */
    AQ_BRACKET_OBJECT /* {…} */
};

struct aq_bracket_argument {
    size_t from, to; /* in `out` */
    int place;       /* among the parameters; those without a name come in turn */
};

struct aq_bracket {
    enum aq_bracket_kind kind;
    struct aq_token opener; /* a call's name, or the bracket */
    size_t start;           /* where in `out` it begins, the name or what is indexed with it */
    unsigned tokens;        /* of the argument or element under way, and the first of them */
    struct aq_token token;

    /* a call */
    const struct aq_function *function; /* NULL if its parameters are not known */
    bool has_names, is_clause;
    struct aq_bracket_argument arguments[AQ_PARAMETERS_MAX];
    int count;

    /* a literal: a letter for each of its elements, which goes to that place in `out` */
    size_t letters_at;
    char *letters;
    size_t letter_count;
};

/* The one that was opened last; NULL if none is. */
static inline struct aq_bracket *aq_bracket_innermost(struct aq_translation *translation)
{
    return translation->bracket_count > 0 ? &translation->brackets[translation->bracket_count - 1] : NULL;
}

struct aq_bracket *aq_bracket_push(struct aq_translation *translation, enum aq_bracket_kind kind,
                                   const struct aq_token *opener);
void aq_bracket_pop(struct aq_translation *translation);

/* Line ends between that place and the next token are moved before what comes into `out` next: behind a comma
 * one would only continue the line. Nothing for a token on the same line. */
void aq_bracket_gap(struct aq_translation *translation, const char *from);

/* call.c */
void aq_call_open(struct aq_translation *translation, const struct aq_token *token);
void aq_call_comma(struct aq_translation *translation, struct aq_bracket *call, const struct aq_token *token);
void aq_call_close(struct aq_translation *translation, struct aq_bracket *call, const char *at);
/* A call without parentheses: at a token that may begin its next argument; true if it was its name. */
bool aq_call_next(struct aq_translation *translation, struct aq_bracket *call, const struct aq_token *token);

/* bracket_literal.c */
void aq_literal_open(struct aq_translation *translation, const struct aq_token *token);
void aq_literal_comma(struct aq_translation *translation, struct aq_bracket *literal,
                      const struct aq_token *token);
void aq_literal_close(struct aq_translation *translation, struct aq_bracket *literal,
                      const struct aq_token *token);

#endif
