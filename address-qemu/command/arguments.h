/* SPDX-License-Identifier: MIT */
/* A command's words held against the verb's descriptor: unknown, repeated and missing keys, types and ranges.
 */
#ifndef AQ_COMMAND_ARGUMENTS_H
#define AQ_COMMAND_ARGUMENTS_H

#include "command/lex.h"
#include "command/verb.h"

/* One value that was given or is a default; a repeatable parameter may have several, in order. */
struct aq_argument {
    const struct aq_param *param;
    const char *text; /* of the words, of the descriptor (a default), or of `owned` */
    size_t length;
    char *owned;
    int64_t number;
    bool given;
};

/* Fills call->arguments from the words, which must outlive the call. 0, or -1 with KEY_UNKNOWN, KEY_REPEATED,
   KEY_MISSING or VALUE_INVALID. Free in any case. */
int aq_arguments_check(struct aq_call *call, const struct aq_words *words, struct aq_error *err);
void aq_arguments_free(struct aq_call *call);

/* "size", "name", "debian|micro": how help calls the parameter's type. */
const char *aq_type_name(const struct aq_param *param);

#endif
