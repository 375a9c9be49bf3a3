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

const struct aq_verb *aq_verb_find(const char *name)
{
    for (size_t i = 0; i < aq_verb_count; i++)
        if (strcasecmp(aq_verbs[i]->name, name) == 0 || aq_word_in(aq_verbs[i]->aliases, name))
            return aq_verbs[i];
    return NULL;
}
