/* SPDX-License-Identifier: MIT */
/* Names in expressions: members of objects, words that RexxJS has for operators and values, and functions
 * that mean something else in REXX. */
#include <string.h>

#include "translation.h"

static size_t root_length(const struct aq_token *symbol)
{
    const char *period = memchr(symbol->at, '.', symbol->length);
    return period != NULL ? (size_t)(period - symbol->at) : symbol->length;
}

bool aq_may_be_object(const struct aq_translation *translation, const struct aq_token *symbol)
{
    struct aq_token root = *symbol;
    root.length = root_length(symbol);
    if (root.length == 0 || root.length + 1 >= symbol->length) /* no member */
        return false;
    return aq_token_is(&root, "RESULT") || (translation->fragment && !(*root.at >= '0' && *root.at <= '9')) ||
           (aq_names_flags(&translation->traits->names, root.at, root.length) & AQ_NAME_OBJECT) != 0;
}

static void learn(struct aq_translation *translation, const struct aq_token *symbol)
{
    struct aq_token root = *symbol;
    root.length = root_length(symbol);
    translation->traits->reads_result |= root.length < symbol->length && aq_token_is(&root, "RESULT");
    /* Behind PARSE ARG stand variables that get what a caller has. */
    struct aq_reader first = translation->in;
    first.at = translation->first->at + translation->first->length;
    if (translation->keyword == AQ_KEYWORD_PARSE && root.length == symbol->length) {
        struct aq_token source = aq_token_peek(&first);
        if (aq_token_is(&source, "ARG"))
            aq_names_add(&translation->traits->names, symbol->at, symbol->length,
                         AQ_NAME_OBJECT | AQ_NAME_ASSIGNED);
    }
    if (aq_token_is(symbol, "SET_INTERPOLATION"))
        translation->any_pattern = true;
}

static bool is_operand(const struct aq_token *token)
{
    switch (token->kind) {
    case AQ_TOKEN_SYMBOL:
    case AQ_TOKEN_STRING:
    case AQ_TOKEN_LITERAL:
    case AQ_TOKEN_BACKQUOTED:
        return true;
    default:
        return false;
    }
}

static void put_instead(struct aq_translation *translation, const struct aq_token *symbol, const char *text)
{
    aq_translation_replace(translation, symbol->at, symbol->at + symbol->length);
    aq_buffer_add_text(translation->out, text);
}

void aq_close_nots(struct aq_translation *translation, const char *at)
{
    if (translation->nots == 0 || translation->nots_within != translation->bracket_count)
        return;
    aq_translation_flush(translation, at);
    for (; translation->nots > 0; translation->nots--)
        aq_buffer_add_char(translation->out, ')');
}

/* NOT a = b is not (a = b), where \ of REXX would only be that of a. */
static void open_not(struct aq_translation *translation, const struct aq_token *symbol,
                     const struct aq_token *next)
{
    if (aq_token_is_char(next, '(')) {
        put_instead(translation, symbol, "\\");
        return;
    }
    if (translation->nots > 0 && translation->nots_within != translation->bracket_count)
        aq_translation_fail(translation, symbol->at, 35,
                            "NOT within what another NOT stands before; in REXX: \\(a & \\(b))");
    put_instead(translation, symbol, "\\(");
    translation->nots++;
    translation->nots_within = translation->bracket_count;
}

/* Whether a value has come before: no word that one has to follow. */
static bool is_behind_operand(const struct aq_translation *translation)
{
    static const char *const others[] = {"WHILE", "UNTIL", "AND", "OR", "NOT"};
    const struct aq_token *previous = translation->previous;
    if (aq_token_is_char(previous, ')') || aq_token_is_char(previous, ']'))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (aq_token_is(previous, others[i]))
            return false;
    return is_operand(previous) && previous->at != translation->first->at;
}

/* AND, OR and NOT of a condition. */
static bool take_connective(struct aq_translation *translation, const struct aq_token *symbol)
{
    bool is_and = aq_token_is(symbol, "AND"), is_or = aq_token_is(symbol, "OR");
    if (!translation->condition || !(is_and || is_or || aq_token_is(symbol, "NOT")) ||
        (aq_names_flags(&translation->traits->names, symbol->at, symbol->length) & AQ_NAME_ASSIGNED))
        return false;
    struct aq_token next = aq_token_peek(&translation->in);
    bool before_operand = is_operand(&next) || aq_token_is_char(&next, '(') || aq_token_is_char(&next, '\\');
    if (!before_operand || is_behind_operand(translation) != (is_and || is_or))
        return false;
    if (is_and || is_or) {
        aq_close_nots(translation, translation->previous_end);
        put_instead(translation, symbol, is_and ? "&" : "|");
    } else
        open_not(translation, symbol, &next);
    return true;
}

/* true, false and null, where no variable has that name. */
static bool take_constant(struct aq_translation *translation, const struct aq_token *symbol)
{
    static const struct {
        const char *word, *value;
    } words[] = {{"TRUE", "1"}, {"FALSE", "0"}, {"NULL", "\"\""}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (aq_token_is(symbol, words[i].word)) {
            if (aq_names_flags(&translation->traits->names, symbol->at, symbol->length) & AQ_NAME_ASSIGNED)
                return false;
            put_instead(translation, symbol, words[i].value);
            return true;
        }
    return false;
}

/* Whether the arguments that begin here end with "O", which DATATYPE of RexxJS takes for objects. */
static bool asks_for_object(const struct aq_translation *translation)
{
    struct aq_reader ahead = translation->in;
    struct aq_token token = {0}, last = {0}, before = {0};
    int depth = 0;
    do {
        before = last;
        last = token;
        aq_token_next(&ahead, &token);
        depth += aq_token_is_char(&token, '(') ? 1 : aq_token_is_char(&token, ')') ? -1 : 0;
    } while (depth > 0 && !aq_token_ends(&token));
    return depth == 0 && last.kind == AQ_TOKEN_STRING && last.length == 3 && (last.at[1] | 0x20) == 'o' &&
           aq_token_is_char(&before, ',');
}

/* A function's name: the parenthesis is next. */
static bool take_function(struct aq_translation *translation, const struct aq_token *symbol)
{
    if (!aq_text_starts(translation->in.at, translation->in.end, "("))
        return false;
    if (aq_token_is(symbol, "DATATYPE") && asks_for_object(translation))
        put_instead(translation, symbol, "REXXJS_IS_OBJECT");
    return true;
}

/* f(x).name and a[1].name: the name follows without a blank. */
static bool take_member(struct aq_translation *translation, const struct aq_token *symbol)
{
    if (*symbol->at != '.' || symbol->at != translation->previous_end || !translation->operand_known)
        return false;
    aq_translation_replace(translation, symbol->at, symbol->at + symbol->length);
    aq_translation_insert(translation, translation->operand, "REXXJS_MEMBER(");
    aq_buffer_format(translation->out, ",\"%.*s\")", (int)symbol->length - 1, symbol->at + 1);
    return true;
}

/* In the style of RexxJS `a != b`, where in REXX ! belongs to a name: the name without it. */
static struct aq_token without_not(struct aq_translation *translation, const struct aq_token *symbol)
{
    struct aq_token name = *symbol;
    const char *last = symbol->at + symbol->length - 1;
    if (*last == '!' && aq_text_starts(last + 1, translation->in.end, "="))
        name.length--;
    return name;
}

/* The i of DO i = 1 TO n. */
static bool is_control_variable(const struct aq_translation *translation)
{
    const char *at = aq_skip_blanks(translation->in.at, translation->in.end);
    return translation->keyword == AQ_KEYWORD_DO && translation->previous->at == translation->first->at &&
           aq_text_starts(at, translation->in.end, "=");
}

void aq_symbol(struct aq_translation *translation, const struct aq_token *symbol)
{
    if (is_control_variable(translation)) {
        aq_names_add(&translation->traits->names, symbol->at, symbol->length, AQ_NAME_ASSIGNED);
        return;
    }
    if (!translation->writing) {
        learn(translation, symbol);
        return;
    }
    if (translation->keyword == AQ_KEYWORD_DO &&
        (aq_token_is(symbol, "WHILE") || aq_token_is(symbol, "UNTIL")))
        translation->condition = true;
    if (translation->condition && aq_token_is(symbol, "THEN"))
        aq_close_nots(translation, translation->previous_end);
    if (!aq_in_expression(translation))
        return;
    struct aq_token name = without_not(translation, symbol);
    if (name.length > 0 && !take_member(translation, &name)) {
        translation->operand = aq_translation_flush(translation, name.at);
        translation->operand_known = true;
        if (!take_function(translation, &name) && !take_connective(translation, &name) &&
            !take_constant(translation, &name) && aq_may_be_object(translation, &name)) {
            aq_translation_replace(translation, name.at, name.at + name.length);
            aq_buffer_format(translation->out, "REXXJS_FIELD(\"%.*s\")", (int)name.length, name.at);
        }
    }
    if (name.length < symbol->length) {
        const char *mark = name.at + name.length;
        aq_translation_replace(translation, mark, mark + 1);
        aq_buffer_add_char(translation->out, '\\');
    }
}
