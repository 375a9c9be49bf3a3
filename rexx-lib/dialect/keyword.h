/* SPDX-License-Identifier: MIT */
/* Words that may begin a clause and matter here. */
#ifndef AQ_DIALECT_KEYWORD_H
#define AQ_DIALECT_KEYWORD_H

#include "token.h"

enum aq_keyword {
    AQ_KEYWORD_NONE, /* an assignment, a command, or an instruction like any other */
    AQ_KEYWORD_ADDRESS,
    AQ_KEYWORD_ARG,
    AQ_KEYWORD_CALL,
    AQ_KEYWORD_CONDITION, /* IF and WHEN */
    AQ_KEYWORD_DO,
    AQ_KEYWORD_END,
    AQ_KEYWORD_EXPRESSION, /* SAY, RETURN and others that an expression follows */
    AQ_KEYWORD_INTERPOLATION,
    AQ_KEYWORD_INTERPRET,
    AQ_KEYWORD_ITERATE, /* and LEAVE */
    AQ_KEYWORD_LET,
    AQ_KEYWORD_OPTIONS,
    AQ_KEYWORD_PARSE,
    AQ_KEYWORD_REQUIRE,
    AQ_KEYWORD_SELECT,
    AQ_KEYWORD_SIGNAL, /* and others that a name follows */
    AQ_KEYWORD_OTHER   /* no command */
};

/* The keyword that the symbol would be at the beginning of a clause. */
enum aq_keyword aq_keyword_of(const struct aq_token *symbol);

#endif
