/* SPDX-License-Identifier: MIT */
/* Clauses that REXX does not have. */
#include <string.h>
#include <strings.h>

#include "functions.h"
#include "translation.h"

/* What stands before the = of `x += 1`; the longer ones first. */
static const char *const operators[] = {"||", "//", "**", "+", "-", "*", "/", "%", "&", "|"};

/* The operator at that place if it is one that assigns, or NULL. */
static const char *compound_operator(const char *at, const char *end)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const char *behind = at + strlen(operators[i]);
        if (aq_text_starts(at, end, operators[i]) && aq_text_starts(behind, end, "=") &&
            !aq_text_starts(behind, end, "=="))
            return operators[i];
    }
    return NULL;
}

/* x += e  becomes  x = x + (e): what is on the right comes first. */
static void compound(struct aq_translation *translation, const struct aq_token *name)
{
    const char *at = aq_skip_blanks(translation->in.at, translation->in.end);
    const char *operator= compound_operator(at, translation->in.end);
    if (operator== NULL ||(*name->at >= '0' && *name->at <= '9'))
        return;
    translation->marked = true;
    translation->is_command = false;
    if (!translation->writing)
        return;
    const char *behind = at + strlen(operator) + 1;
    aq_translation_replace(translation, at, behind);
    aq_buffer_format(translation->out, "= %.*s %s (", (int)name->length, name->at, operator);
    translation->in.at = behind;
    translation->compound = true;
}

void aq_statement_end(struct aq_translation *translation)
{
    if (!translation->compound)
        return;
    const struct aq_token *last = &translation->previous;
    const char *end = last->at + last->length;
    if (end > translation->copied)
        aq_translation_replace(translation, end, end);
    aq_buffer_add_char(translation->out, ')');
    translation->compound = false;
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
        !(assigns || aq_text_starts(at, ahead.end, "[") || compound_operator(at, ahead.end) != NULL)) {
        translation->keyword = AQ_KEYWORD_NONE;
        translation->is_command = true;
        return;
    }
    translation->marked = true;
    translation->in.fresh = true;
    if (!translation->writing)
        return;
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

/* INTERPOLATION SHELL becomes a CALL. */
static void interpolation(struct aq_translation *translation, const struct aq_token *word)
{
    struct aq_reader ahead = translation->in;
    struct aq_token pattern, behind;
    aq_token_next(&ahead, &pattern);
    aq_token_next(&ahead, &behind);
    if (!translation->writing || pattern.kind != AQ_TOKEN_SYMBOL)
        return;
    if (!aq_token_ends(&behind) || aq_pattern_find(pattern.at, pattern.length) == NULL) {
        aq_translation_fail(
            translation, word->at, 25,
            "INTERPOLATION %.*s: the patterns are HANDLEBARS ({{x}}), SHELL (${x}), BATCH (%%x%%) "
            "and DOUBLEDOLLAR ($$x$$); in REXX strings are joined: \"a\" || x",
            (int)(pattern.length < 80 ? pattern.length : 80), pattern.at);
        return;
    }
    aq_translation_replace(translation, word->at, pattern.at + pattern.length);
    aq_buffer_format(translation->out, "CALL \"" AQ_PATTERN_ROUTINE "\" \"%.*s\"", (int)pattern.length,
                     pattern.at);
    translation->in.at = pattern.at + pattern.length;
}

void aq_statement_begin(struct aq_translation *translation, const struct aq_token *symbol)
{
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
        interpolation(translation, symbol);
        break;
    case AQ_KEYWORD_NONE:
        if (!translation->is_assignment)
            compound(translation, symbol);
        break;
    default:
        break;
    }
}
