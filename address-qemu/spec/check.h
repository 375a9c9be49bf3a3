/* SPDX-License-Identifier: MIT */
/* What no table of keys can say about a spec: which keys go together. For the tables (schema.c). */
#ifndef AQ_SPEC_CHECK_H
#define AQ_SPEC_CHECK_H

#include "spec/schema.h"

/* Of sections: see struct aq_schema_section. */
int aq_entry_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                    struct aq_error *err);
int aq_command_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                      struct aq_error *err);
int aq_secret_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                     struct aq_error *err);
int aq_spec_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                   struct aq_error *err);

/* The keys of an entry of files, for the check that they go together. */
extern const struct aq_schema_key aq_schema_entry_keys[];

/* The keys that make an entry what it is, with commas between: "content, source, …". */
void aq_schema_kinds(const struct aq_schema_key *keys, unsigned kinds, struct aq_buffer *text);

#endif
