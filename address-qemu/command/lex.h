/* SPDX-License-Identifier: MIT */
/*
 * A command's text into a verb and words: `verb key=value key="two words" flag`. Quotes are removed, and
 * variables put in: {{name}} anywhere in a value, {name} in an unquoted one. What a variable holds is never
 * read again, so a value with quotes, spaces or braces in it arrives as it is.
 */
#ifndef AQ_COMMAND_LEX_H
#define AQ_COMMAND_LEX_H

#include <stddef.h>

#include "address-qemu/address-qemu.h"
#include "util/error.h"
#include "util/memory.h"

/* key=value, or a bare word: then key is NULL. */
struct aq_word {
    char *key;
    struct aq_buffer value;
};

struct aq_words {
    char *verb;
    struct aq_word *items;
    size_t count;
};

/* Splits the command. 0, or -1 with COMMAND_EMPTY, COMMAND_SYNTAX or VARIABLE_UNSET; free the words in any
 * case. */
int aq_lex(const char *command, size_t length, const struct aq_callbacks *callbacks, struct aq_words *words,
           struct aq_error *err);

void aq_words_free(struct aq_words *words);

#endif
