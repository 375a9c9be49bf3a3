/* SPDX-License-Identifier: MIT */
/*
 * DO x OVER list becomes, on the same line, a loop that counts through a stem of its own:
 *     DO REXXJS!1 = 1 TO REXXJS_OVER(,"REXXJS!L1.","list");x = REXXJS!L1.REXXJS!1
 * END x, LEAVE x and ITERATE x then have to name the counter; so the blocks that are open are kept.
 */
#include <strings.h>

#include "translation.h"

struct aq_block {
    unsigned loop;        /* which DO OVER; 0 for any other block */
    struct aq_token name; /* the x of DO x OVER */
    bool begun;
    struct aq_token list; /* the name after OVER, if it is nothing but that */
};

static void push(struct aq_translation *translation, struct aq_block block)
{
    if (!translation->writing)
        return;
    if (translation->block_count == translation->block_room) {
        translation->block_room = translation->block_room * 2 + 16;
        translation->blocks =
            aq_realloc(translation->blocks, translation->block_room * sizeof *translation->blocks);
    }
    translation->blocks[translation->block_count++] = block;
}

/* Behind the DO of `DO x OVER …`. */
static bool is_over(const struct aq_reader *in, struct aq_token *name, struct aq_reader *behind)
{
    *behind = *in;
    struct aq_token over;
    aq_token_next(behind, name);
    if (name->kind != AQ_TOKEN_SYMBOL || (*name->at >= '0' && *name->at <= '9'))
        return false;
    aq_token_next(behind, &over);
    if (!aq_token_is(&over, "OVER"))
        return false;
    struct aq_token list = aq_token_peek(behind);
    return list.kind != AQ_TOKEN_OTHER || *list.at == '[' || *list.at == '(' || *list.at == '{';
}

/* What Regina's repetitions may have besides cannot be added to one that is made up. */
static bool has_more(struct aq_reader ahead)
{
    static const char *const words[] = {"WHILE", "UNTIL", "FOR", "BY", "TO"};
    struct aq_token token, previous = {0};
    for (aq_token_next(&ahead, &token); !aq_token_ends(&token); aq_token_next(&ahead, &token)) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (aq_token_is(&token, words[i]) && previous.kind != AQ_TOKEN_END)
                return true;
        previous = token;
    }
    return previous.kind == AQ_TOKEN_END;
}

static void refuse(struct aq_translation *translation, const struct aq_token *word,
                   const struct aq_token *name)
{
    aq_translation_fail(
        translation, word->at, 35,
        "DO %.*s OVER wants what it goes through, and nothing behind it; in REXX: DO i = 1 TO "
        "list.0 WHILE …; %.*s = list.i; … END",
        aq_shown(name), name->at, aq_shown(name), name->at);
}

void aq_loop_do(struct aq_translation *translation, const struct aq_token *symbol)
{
    struct aq_reader behind;
    struct aq_token name;
    if (!is_over(&translation->in, &name, &behind)) {
        push(translation, (struct aq_block){0, *symbol, true, {0}});
        return;
    }
    translation->marked = true;
    aq_names_add(&translation->traits->names, name.at, name.length, AQ_NAME_OBJECT | AQ_NAME_ASSIGNED);
    if (!translation->writing)
        return;
    if (has_more(behind)) {
        refuse(translation, symbol, &name);
        return;
    }
    struct aq_reader list_behind = behind;
    struct aq_token list, end;
    aq_token_next(&list_behind, &list);
    end = aq_token_peek(&list_behind);
    if (list.kind != AQ_TOKEN_SYMBOL || !aq_token_ends(&end))
        list = (struct aq_token){0};
    push(translation, (struct aq_block){++translation->loops, name, false, list});
    const char *from = list.length > 0 ? list_behind.at : behind.at;
    aq_translation_replace(translation, symbol->at + symbol->length, from);
    aq_buffer_format(translation->out, " REXXJS!%u = 1 TO REXXJS_OVER(%s", translation->loops,
                     list.length > 0 ? "" : "(");
    translation->in.at = translation->previous_end = from;
    translation->in.operand = false;
    translation->keyword = AQ_KEYWORD_EXPRESSION;
}

void aq_loop_begun(struct aq_translation *translation)
{
    struct aq_block *block =
        translation->block_count > 0 ? &translation->blocks[translation->block_count - 1] : NULL;
    if (!translation->writing || block == NULL || block->begun)
        return;
    const struct aq_token *list = &block->list;
    block->begun = true;
    aq_translation_flush(translation, translation->previous_end);
    if (list->length > 0)
        aq_buffer_format(translation->out, ",\"REXXJS!L%u.\",\"%.*s\")", block->loop,
                         (int)list->length - (list->at[list->length - 1] == '.'), list->at);
    else
        aq_buffer_format(translation->out, "),\"REXXJS!L%u.\")", block->loop);
    aq_buffer_format(translation->out, ";%.*s = REXXJS!L%u.REXXJS!%u", (int)block->name.length,
                     block->name.at, block->loop, block->loop);
}

void aq_loop_select(struct aq_translation *translation)
{
    push(translation, (struct aq_block){0, *translation->first, true, {0}});
}

/* The clause's word may be followed by the name of a DO OVER's variable: the counter's takes its place. */
static void rename_loop(struct aq_translation *translation, const struct aq_block *block)
{
    struct aq_token name = aq_token_peek(&translation->in);
    if (block->loop == 0 || name.kind != AQ_TOKEN_SYMBOL || name.length != block->name.length ||
        strncasecmp(name.at, block->name.at, name.length) != 0)
        return;
    aq_translation_replace(translation, name.at, name.at + name.length);
    aq_buffer_format(translation->out, "REXXJS!%u", block->loop);
}

void aq_loop_end(struct aq_translation *translation)
{
    if (translation->block_count > 0)
        rename_loop(translation, &translation->blocks[--translation->block_count]);
}

void aq_loop_leave(struct aq_translation *translation)
{
    struct aq_token name = aq_token_peek(&translation->in);
    for (size_t i = translation->block_count; i-- > 0;) {
        const struct aq_block *block = &translation->blocks[i];
        if (block->loop != 0 && name.kind == AQ_TOKEN_SYMBOL && name.length == block->name.length &&
            strncasecmp(name.at, block->name.at, name.length) == 0) {
            rename_loop(translation, block);
            return;
        }
    }
}
