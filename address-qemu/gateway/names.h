/* SPDX-License-Identifier: MIT */
/* Which addresses the names in rules have turned out to have. An address once learned is kept as long as the
 * VM runs, as programs keep using it (that of another VM: as long as that one does); when there are too many,
 * the one that was confirmed longest ago goes.
 */
#ifndef AQ_GATEWAY_NAMES_H
#define AQ_GATEWAY_NAMES_H

#include "spec/egress.h"

#define AQ_NAMES_MAX 512

struct aq_known_name {
    struct aq_ip address;
    unsigned confirmed; /* a count that only grows */
    char name[AQ_HOST_NAME_MAX + 1];
};

/* Zero-initialise. */
struct aq_names {
    unsigned count, clock, added; /* the latter two only grow */
    struct aq_known_name known[AQ_NAMES_MAX];
};

/* Does a rule's name ("*.example.com" too) mean this one? Both in lower case. */
bool aq_name_fits(const char *rule, const char *name);

void aq_names_learn(struct aq_names *names, const char *name, const struct aq_ip *address);

/* Forgets all names of an address, which is somebody else's from now on. */
void aq_names_forget(struct aq_names *names, const struct aq_ip *address);

/* Is it an address of a name that the rule's name means? */
bool aq_names_has(const struct aq_names *names, const char *rule, const struct aq_ip *address);

#endif
