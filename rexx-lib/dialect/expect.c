/* SPDX-License-Identifier: MIT */
/* ADDRESS EXPECTATIONS "EXPECT" value "expected" becomes RC = REXXJS_EXPECT((value),("expected")): as a
 * command it could not tell where the one ends and the other begins. */
#include <string.h>
#include <strings.h>

#include "translation.h"

static bool is_operand(const struct aq_token *token)
{
    switch (token->kind) {
    case AQ_TOKEN_SYMBOL:
    case AQ_TOKEN_STRING:
    case AQ_TOKEN_LITERAL:
    case AQ_TOKEN_BACKQUOTED:
        return true;
    default:
        return *token->at == '(' || *token->at == '[';
    }
}

static bool ends_operand(const struct aq_token *token)
{
    return token->kind == AQ_TOKEN_OTHER ? *token->at == ')' || *token->at == ']'
                                         : token->length > 0 && is_operand(token);
}

/* Where the last operand begins that follows another with a blank between them; NULL. */
static const char *last_operand(struct aq_reader ahead)
{
    struct aq_token token, previous = {0};
    const char *found = NULL;
    int depth = 0;
    for (aq_token_next(&ahead, &token); !aq_token_ends(&token); aq_token_next(&ahead, &token)) {
        if (depth == 0 && is_operand(&token) && ends_operand(&previous) &&
            previous.at + previous.length < token.at)
            found = token.at;
        if (token.kind == AQ_TOKEN_OTHER)
            depth += strchr("([{", *token.at) != NULL ? 1 : strchr(")]}", *token.at) != NULL ? -1 : 0;
        previous = token;
    }
    return found;
}

bool aq_expect(struct aq_translation *translation, const struct aq_token *word)
{
    struct aq_reader ahead = translation->in;
    struct aq_token environment, verb;
    aq_token_next(&ahead, &environment);
    if (!aq_token_is(&environment, "EXPECTATIONS"))
        return false;
    aq_token_next(&ahead, &verb);
    if (!translation->writing)
        return true;
    const char *second = aq_token_ends(&verb) ? NULL : last_operand(ahead);
    bool expects =
        verb.kind == AQ_TOKEN_STRING && verb.length == 8 && strncasecmp(verb.at + 1, "EXPECT", 6) == 0;
    if (!expects || second == NULL) {
        aq_translation_fail(translation, word->at, 35,
                            "ADDRESS EXPECTATIONS wants \"EXPECT\" value \"expected\"; in REXX: IF value \\= "
                            "\"expected\" THEN …");
        return true;
    }
    aq_translation_replace(translation, word->at, verb.at + verb.length);
    aq_buffer_add_text(translation->out, "RC = " AQ_EXPECT_FUNCTION "((");
    translation->keyword = AQ_KEYWORD_EXPRESSION;
    translation->closing = "))";
    translation->expected = second;
    translation->in.at = translation->previous_end = verb.at + verb.length;
    return true;
}

void aq_expect_second(struct aq_translation *translation, const struct aq_token *token)
{
    translation->expected = NULL;
    aq_translation_flush(translation, translation->previous_end);
    aq_buffer_add_text(translation->out, "),(");
    aq_translation_replace(translation, token->at, token->at);
}
