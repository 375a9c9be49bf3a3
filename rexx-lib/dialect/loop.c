/* SPDX-License-Identifier: MIT */
/*
 * DO x OVER list becomes, on the same line, a loop that counts:
 *     DO REXXJS!1 = 1 TO list.0;x = list.REXXJS!1
 * END x, LEAVE x and ITERATE x then have to name the counter; so the blocks that are open are kept.
 */
#include <strings.h>

#include "translation.h"

struct aq_block {
    unsigned loop;        /* which DO OVER; 0 for any other block */
    struct aq_token name; /* the x of DO x OVER */
};

static void push(struct aq_translation *translation, unsigned loop, struct aq_token name)
{
    if (!translation->writing)
        return;
    if (translation->block_count == translation->block_room) {
        translation->block_room = translation->block_room * 2 + 16;
        translation->blocks =
            aq_realloc(translation->blocks, translation->block_room * sizeof *translation->blocks);
    }
    translation->blocks[translation->block_count++] = (struct aq_block){loop, name};
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
    return list.kind != AQ_TOKEN_OTHER || *list.at == '[' || *list.at == '(';
}

void aq_loop_do(struct aq_translation *translation, const struct aq_token *symbol)
{
    struct aq_reader behind;
    struct aq_token name, list, after;
    if (!is_over(&translation->in, &name, &behind)) {
        push(translation, 0, *symbol);
        return;
    }
    translation->marked = true;
    if (!translation->writing)
        return;
    aq_token_next(&behind, &list);
    const char *stop = behind.at;
    aq_token_next(&behind, &after);
    if (list.kind != AQ_TOKEN_SYMBOL || !aq_token_ends(&after)) {
        aq_translation_fail(
            translation, symbol->at, 35,
            "DO %.*s OVER wants the name of a stem that holds the items, and nothing behind it; in "
            "REXX: DO i = 1 TO list.0; x = list.i; … END",
            (int)(name.length < 60 ? name.length : 60), name.at);
        return;
    }
    push(translation, ++translation->loops, name);
    int length = (int)list.length - (list.at[list.length - 1] == '.');
    aq_translation_replace(translation, symbol->at + symbol->length, stop);
    aq_buffer_format(translation->out, " REXXJS!%u = 1 TO %.*s.0;%.*s = %.*s.REXXJS!%u", translation->loops,
                     length, list.at, (int)name.length, name.at, length, list.at, translation->loops);
    translation->in.at = stop;
}

void aq_loop_select(struct aq_translation *translation)
{
    push(translation, 0, translation->first);
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
