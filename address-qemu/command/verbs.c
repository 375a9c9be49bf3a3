/* SPDX-License-Identifier: MIT */
#include "verbs/verbs.h"

#include <strings.h>

#define X(name) extern const struct aq_verb aq_verb_##name;
AQ_VERBS(X)
#undef X

#define X(name) &aq_verb_##name,
const struct aq_verb *const aq_verbs[] = {AQ_VERBS(X)};
#undef X
const size_t aq_verb_count = sizeof aq_verbs / sizeof *aq_verbs;

/* The first letter decides nearly always, and this is in the way of every command. */
static bool is_name(const char *name, const char *wanted)
{
    return (name[0] | 0x20) == (wanted[0] | 0x20) && strcasecmp(name, wanted) == 0;
}

const struct aq_verb *aq_verb_find(const char *name)
{
    for (size_t i = 0; i < aq_verb_count; i++)
        if (is_name(aq_verbs[i]->name, name))
            return aq_verbs[i];
    for (size_t i = 0; i < aq_verb_count; i++)
        if (aq_word_in(aq_verbs[i]->aliases, name))
            return aq_verbs[i];
    return NULL;
}

void aq_verb_names(struct aq_strings *names)
{
    for (size_t i = 0; i < aq_verb_count; i++)
        aq_strings_add(names, aq_verbs[i]->name);
}
