/* SPDX-License-Identifier: MIT */
/* One value on its way from a spec into the structure. For schema_read.c, which finds its key, and
   schema_store.c, which checks it and puts it there. */
#ifndef AQ_SPEC_SCHEMA_VALUE_H
#define AQ_SPEC_SCHEMA_VALUE_H

#include "spec/schema.h"

struct aq_schema_value {
    const struct aq_spec *spec;
    const struct aq_schema_section *section;
    const struct aq_schema_key *key;
    const struct aq_yaml_node *node;
    char *structure;
    struct aq_error *err;
};

/* Checks the value by its key's type and stores it in its member. */
int aq_schema_store(const struct aq_schema_value *value);

/* "NAME has to be WANTED, but is FOUND". */
int aq_schema_fail_found(const struct aq_schema_value *value, const char *name, const char *wanted,
                         const char *found);

#endif
