/* SPDX-License-Identifier: MIT */
#include "gateway/names.h"

#include <stdio.h>
#include <string.h>

bool aq_name_fits(const char *rule, const char *name)
{
    if (rule[0] != '*')
        return strcmp(rule, name) == 0;
    size_t tail = strlen(rule + 1), length = strlen(name);
    return length > tail && strcmp(name + length - tail, rule + 1) == 0;
}

void aq_names_learn(struct aq_names *names, const char *name, const struct aq_ip *address)
{
    struct aq_known_name *oldest = &names->known[0];
    names->clock++;
    for (unsigned i = 0; i < names->count; i++) {
        struct aq_known_name *known = &names->known[i];
        if (aq_ip_equal(&known->address, address) && strcmp(known->name, name) == 0) {
            known->confirmed = names->clock;
            return;
        }
        if (known->confirmed < oldest->confirmed)
            oldest = known;
    }
    names->added++;
    if (names->count < AQ_NAMES_MAX)
        oldest = &names->known[names->count++];
    *oldest = (struct aq_known_name){.address = *address, .confirmed = names->clock};
    snprintf(oldest->name, sizeof oldest->name, "%s", name);
}

void aq_names_forget(struct aq_names *names, const struct aq_ip *address)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < names->count; i++)
        if (!aq_ip_equal(&names->known[i].address, address))
            names->known[kept++] = names->known[i];
    names->count = kept;
}

bool aq_names_has(const struct aq_names *names, const char *rule, const struct aq_ip *address)
{
    for (unsigned i = 0; i < names->count; i++)
        if (aq_ip_equal(&names->known[i].address, address) && aq_name_fits(rule, names->known[i].name))
            return true;
    return false;
}
