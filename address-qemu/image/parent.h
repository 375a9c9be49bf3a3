/* SPDX-License-Identifier: MIT */
/*
 * What a disk stands on: the image below an overlay, as it was when the overlay was made. VMs, layers and
 * bases record it the same way:
 *
 *     parent:
 *       base: debian          # or  layer: 4f1e…  or  file: /srv/images/app.qcow2
 *       pin: {…}
 *
 * No parent at all is recorded as no `parent`: such a disk stands alone.
 */
#ifndef AQ_IMAGE_PARENT_H
#define AQ_IMAGE_PARENT_H

#include <jansson.h>
#include <stdbool.h>

#include "image/pin.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/stage.h"

enum aq_parent_kind {
    AQ_PARENT_NONE,
    AQ_PARENT_BASE,  /* a registered base that has a disk of its own; `name` is the base's */
    AQ_PARENT_LAYER, /* `name` is the layer's id */
    AQ_PARENT_FILE,  /* a user's own file, registered nowhere; `name` is its absolute path */
};

/* Zero-initialise (which is no parent), aq_parent_free at the end. */
struct aq_parent {
    enum aq_parent_kind kind;
    char *name;        /* owned; NULL for NONE */
    struct aq_pin pin; /* of the image when the child was made */
};

void aq_parent_free(struct aq_parent *parent);
#define aq_autoparent aq_cleanup(aq_parent_free)

struct aq_parent aq_parent_make(enum aq_parent_kind kind, const char *name, const struct aq_pin *pin);
struct aq_parent aq_parent_copy(const struct aq_parent *parent);

/* Is it the same thing to stand on, by kind and name, whatever the pins say? */
bool aq_parent_same(const struct aq_parent *a, const struct aq_parent *b);

/* For messages: "the base debian", "the layer 4f1e09a2b37c", "the file /srv/app.qcow2", "nothing". free() it.
 */
char *aq_parent_text(const struct aq_parent *parent);

/* As a mapping of a record (NULL for NONE: there is then no such member), and back: false when it is not one.
 */
json_t *aq_parent_to_json(const struct aq_parent *parent);
bool aq_parent_from_json(const json_t *json, struct aq_parent *parent);

/* Holds the parent while a child is made of it, so that it cannot be removed or replaced meanwhile (shared),
   or while it is removed (exclusive). A base and a layer are locked; there is nothing to hold of the others,
   and the descriptor is merely one. Returns a descriptor whose closing lets go. What aq_base_lock and
   aq_layer_lock fail with. */
int aq_parent_lock(const struct aq_parent *parent, enum aq_lock kind, struct aq_error *err);

/* The name by which the header of a child says what is below it: for what is in the store relative to the
   child's folder (every child's is two levels below the store), so that the store can be moved as a whole;
   else absolute. *backing is NULL for NONE. free() it. */
int aq_parent_backing(const struct aq_parent *parent, char **backing, struct aq_error *err);

#endif
