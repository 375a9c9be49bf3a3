/* SPDX-License-Identifier: MIT */
/* Clauses that REXX does not have. */
#include <string.h>
#include <strings.h>

#include "translation.h"

void aq_statement_end(struct aq_translation *translation)
{
    if (translation->closing != NULL) {
        const struct aq_token *last = translation->previous;
        aq_translation_flush(translation, last->at + last->length);
        aq_buffer_add_text(translation->out, translation->closing);
        translation->closing = NULL;
    }
    aq_loop_begun(translation);
}

/* LET before an assignment is left out. */
static void let(struct aq_translation *translation, const struct aq_token *word)
{
    struct aq_reader ahead = translation->in;
    struct aq_token name;
    aq_token_next(&ahead, &name);
    const char *at = aq_skip_blanks(ahead.at, ahead.end);
    bool assigns = aq_text_starts(at, ahead.end, "=") && !aq_text_starts(at, ahead.end, "==");
    if (name.kind != AQ_TOKEN_SYMBOL ||
        !(assigns || aq_text_starts(at, ahead.end, "[") || aq_is_compound(at, ahead.end))) {
        translation->keyword = AQ_KEYWORD_NONE;
        translation->is_command = true;
        return;
    }
    translation->marked = true;
    translation->in.fresh = true;
    if (!translation->writing)
        return;
    ahead.at = assigns ? at + 1 : ahead.at;
    struct aq_token value = aq_token_peek(&ahead);
    if (assigns && aq_token_is(&value, "CALL"))
        aq_translation_fail(translation, word->at, 35,
                            "LET %.*s = CALL … is not supported; in REXX: CALL name …; %.*s = RESULT",
                            aq_shown(&name), name.at, aq_shown(&name), name.at);
    aq_translation_replace(translation, word->at, word->at + word->length);
    aq_buffer_add_text(translation->out, "   ");
}

/* REQUIRE "module" [AS NAME] and nothing else becomes a CALL; any other clause is plain REXX. */
static bool require(struct aq_translation *translation, const struct aq_token *word)
{
    struct aq_reader ahead = translation->in;
    struct aq_token module, name = {0}, as;
    aq_token_next(&ahead, &module);
    if (module.kind != AQ_TOKEN_STRING || (ahead.at < ahead.end && aq_is_symbol_char(*ahead.at)))
        return false;
    const char *behind = ahead.at;
    aq_token_next(&ahead, &as);
    if (aq_token_is(&as, "AS")) {
        aq_token_next(&ahead, &name);
        behind = ahead.at;
        if (name.kind != AQ_TOKEN_SYMBOL)
            return false;
        aq_token_next(&ahead, &as);
    }
    if (!aq_token_ends(&as))
        return false;
    translation->marked = true;
    if (name.length > 0)
        aq_names_add(&translation->traits->names, name.at, name.length, AQ_NAME_ENVIRONMENT);
    if (!translation->writing)
        return true;
    aq_translation_replace(translation, word->at, behind);
    aq_buffer_add_text(translation->out, "CALL \"" AQ_REQUIRE_ROUTINE "\" ");
    aq_buffer_add(translation->out, module.at, module.length);
    if (name.length > 0)
        aq_buffer_format(translation->out, ", \"%.*s\"", (int)name.length, name.at);
    translation->in.at = behind;
    translation->traits->requires = true;
    return true;
}

static bool holds_word(const struct aq_token *token, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= token->length; i++)
        if (strncasecmp(token->at + i, word, length) == 0 &&
            (i == 0 || !aq_is_symbol_char(token->at[i - 1])) &&
            (i + length == token->length || !aq_is_symbol_char(token->at[i + length])))
            return true;
    return false;
}

/* Regina passes over options that it does not know. */
static void options(struct aq_translation *translation)
{
    struct aq_reader ahead = translation->in;
    struct aq_token token;
    for (aq_token_next(&ahead, &token); !aq_token_ends(&token); aq_token_next(&ahead, &token)) {
        translation->refused |= holds_word(&token, "NOREXXJS");
        translation->opted |= holds_word(&token, "REXXJS");
    }
}

/* What INTERPRET is given is translated when it is known. */
static void interpret(struct aq_translation *translation, const struct aq_token *word)
{
    struct aq_token expression = aq_token_peek(&translation->in);
    if (!translation->writing || aq_token_ends(&expression))
        return;
    aq_translation_replace(translation, word->at + word->length, expression.at);
    aq_buffer_add_text(translation->out, " " AQ_TRANSLATE_FUNCTION "(");
    translation->closing = ")";
}

/* EXIT … UNLESS, and ENDIF, which closes an IF that has no DO. */
static void refuse_foreign(struct aq_translation *translation, const struct aq_token *word)
{
    struct aq_reader ahead = translation->in;
    struct aq_token token;
    aq_token_next(&ahead, &token);
    if (aq_token_is(word, "ENDIF") && aq_token_ends(&token))
        aq_translation_fail(translation, word->at, 35,
                            "ENDIF is not supported; in REXX: IF … THEN DO … END, and ELSE DO … END");
    if (!aq_token_is(word, "EXIT"))
        return;
    for (; !aq_token_ends(&token); aq_token_next(&ahead, &token))
        if (aq_token_is(&token, "UNLESS"))
            aq_translation_fail(
                translation, word->at, 35,
                "EXIT … UNLESS is not supported; in REXX: IF \\(condition) THEN DO; SAY …; EXIT "
                "1; END");
}

/* f(x) as a clause of its own is a call, whose result REXX would take for a command; and so is f a=1. */
static void command(struct aq_translation *translation, const struct aq_token *name)
{
    if (aq_call_bare(translation, name, "RESULT = "))
        translation->is_command = false;
}

void aq_statement_begin(struct aq_translation *translation, const struct aq_token *symbol)
{
    if (translation->writing)
        refuse_foreign(translation, symbol);
    switch (translation->keyword) {
    case AQ_KEYWORD_LET:
        let(translation, symbol);
        break;
    case AQ_KEYWORD_REQUIRE:
        if (!require(translation, symbol)) {
            translation->keyword = AQ_KEYWORD_NONE;
            translation->is_command = true;
        }
        break;
    case AQ_KEYWORD_OPTIONS:
        options(translation);
        break;
    case AQ_KEYWORD_INTERPOLATION:
        aq_interpolation(translation, symbol);
        break;
    case AQ_KEYWORD_INTERPRET:
        interpret(translation, symbol);
        break;
    case AQ_KEYWORD_NONE:
        if (translation->is_assignment)
            aq_assignment(translation, symbol);
        else if (!aq_compound_assignment(translation, symbol) && translation->writing)
            command(translation, symbol);
        break;
    default:
        break;
    }
}
