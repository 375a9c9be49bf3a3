/* SPDX-License-Identifier: MIT */
/* The names that a script uses, whatever their case, and what is known of each. */
#ifndef AQ_DIALECT_NAMES_H
#define AQ_DIALECT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum {
    AQ_NAME_CALLED = 1,      /* as a routine */
    AQ_NAME_QUOTED = 2,      /* and in quotes: not upper-cased, and no label */
    AQ_NAME_LABEL = 4,       /* of this script */
    AQ_NAME_ASSIGNED = 8,    /* as a variable */
    AQ_NAME_OBJECT = 16,     /* a variable that may hold an object */
    AQ_NAME_ENVIRONMENT = 32 /* of ADDRESS QEMU: REQUIRE … AS this */
};

struct aq_name {
    const char *at; /* in the script */
    unsigned length;
    unsigned flags;
};

/* Zero-initialise; free when the script has gone. */
struct aq_names {
    struct aq_name *slots;
    size_t room, count;
};

void aq_names_add(struct aq_names *names, const char *at, size_t length, unsigned flags);

/* What is known of it; 0 for one that was never added. */
unsigned aq_names_flags(const struct aq_names *names, const char *at, size_t length);

void aq_names_free(struct aq_names *names);

/* Is it one of Regina's own functions? In any case. */
bool aq_is_builtin(const char *name, size_t length);

#endif
