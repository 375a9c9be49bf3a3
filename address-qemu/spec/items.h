/* SPDX-License-Identifier: MIT */
/* How the items of a step come about. For inputs.c and its like. */
#ifndef AQ_SPEC_ITEMS_H
#define AQ_SPEC_ITEMS_H

#include "spec/inputs.h"

/* As many items as a step may have. */
#define AQ_ITEMS_MAX 100000

/* Adds an item, zeroed but for these; `path` is taken. NULL with LIMIT_EXCEEDED. It is valid until the next.
 */
struct aq_item *aq_item_add(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                            enum aq_item_kind kind, char *path, struct aq_error *err);

/* Adds what a folder of the host becomes (entry->recursive): itself, and all that is in it, sorted. */
int aq_tree_add(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                struct aq_error *err);

/* Digests an open file into the item, and counts it. */
int aq_item_digest(struct aq_step *step, struct aq_item *item, int fd, const char *where,
                   struct aq_error *err);

/* Writes the step's canonical form, its items being there, and makes its key of that and the parent's. */
int aq_step_key(const struct aq_spec *spec, struct aq_step *step, const char *parent, struct aq_error *err);

/* Adds what of that form is the item's. */
void aq_item_canonical(const struct aq_item *item, struct aq_buffer *form);

/* A secret of the spec; NULL. */
const struct aq_secret *aq_secret_find(const struct aq_spec *spec, const char *id);

#endif
