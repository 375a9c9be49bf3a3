/* SPDX-License-Identifier: MIT */
/*
 * Layers: immutable qcow2 images of the store, `layers/ID/{layer.qcow2,layer.yaml}`, each an overlay on its
 * parent or standing alone. A layer is made in a stage, sealed (pinned, mode 0400) and published by a rename;
 * from then on it is used only while its file is what was sealed. What stands on it keeps it from being
 * removed.
 *
 *     aq_autoclose int hold = aq_parent_lock(&parent, AQ_LOCK_SHARED, err);   until the layer is published
 *     aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
 *     aq_autofree char *folder = NULL;
 *     aq_layer_stage(id, &stage, &folder, err);
 *     aq_layer_make_overlay(&stage, &parent, size, err);    … write into folder/layer.qcow2 …
 *     aq_layer_publish(&stage, &layer, err);                the stage is its lock until it is closed
 */
#ifndef AQ_IMAGE_LAYER_H
#define AQ_IMAGE_LAYER_H

#include <jansson.h>
#include <stdint.h>

#include "image/dependents.h"
#include "image/parent.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/stage.h"

#define AQ_LAYER_DISK "layer.qcow2"

/* Room for an id, 64 lower-case hexadecimal digits, NUL included; and for what humans are shown of it. */
#define AQ_LAYER_ID_TEXT 65
#define AQ_LAYER_SHORT_TEXT 13

/* What a layer came from, in `kind`. Others may be added: the word is kept as it is. */
#define AQ_LAYER_BUILT "built"       /* by a step of a spec; its id is the key of that step */
#define AQ_LAYER_FROZEN "frozen"     /* the disk of a VM, at some moment or at a snapshot */
#define AQ_LAYER_TEMPLATE "template" /* the disk of the template origin_vm */

/* A layer. Strings are owned, never NULL once loaded; zero-initialise, aq_layer_free at the end. */
struct aq_layer {
    char id[AQ_LAYER_ID_TEXT];
    char *path; /* of its image; absolute */
    char *kind;
    struct aq_parent parent;
    uint64_t virtual_size; /* bytes */
    char *created;
    struct aq_pin seal;          /* of its image when it was published */
    char sha256[AQ_SHA256_TEXT]; /* of its image; "" unless it was asked for */
    char *origin_vm; /* of a frozen one: the VM's name then, its UUID, and the snapshot; else "" */
    char *origin_id;
    char *origin_snapshot;
    json_t *built; /* what the engine that built it keeps of it: a mapping, or NULL */
};

void aq_layer_free(struct aq_layer *layer);
#define aq_autolayer aq_cleanup(aq_layer_free)

bool aq_layer_id_valid(const char *id);

/* An id that no other layer has. Returns `id`. */
const char *aq_layer_random_id(char id[AQ_LAYER_ID_TEXT]);

/* The first digits of an id, for humans. Returns `text`. */
const char *aq_layer_short(const char *id, char text[AQ_LAYER_SHORT_TEXT]);

/* Opens a stage for a layer; *folder (may be NULL) is its absolute path, for tools. free() it. */
int aq_layer_stage(const char *id, struct aq_stage *stage, char **folder, struct aq_error *err);

/* Makes AQ_LAYER_DISK in a stage, an empty overlay on `parent` (which has to be one). */
int aq_layer_make_overlay(const struct aq_stage *stage, const struct aq_parent *parent, uint64_t virtual_size,
                          struct aq_error *err);

/* Judges AQ_LAYER_DISK in the stage (nobody writes to it, and below it is layer->parent or nothing), makes it
   read-only, syncs and seals it, writes the record and publishes it as layer->id. Of `layer`, id, kind and
   parent are required, origin_* and built may be given (NULL: none); path, virtual_size, created, seal and,
   with `digest`, sha256 are filled in. 1 published; 0: there is a layer of that id already, and the stage is
   still as it was; -1 with what judging fails with, IO, NO_SPACE. The caller holds the parent shared. */
int aq_layer_publish(struct aq_stage *stage, struct aq_layer *layer, bool digest, struct aq_error *err);

/* Reads a layer's record: LAYER_NOT_FOUND, RECORD_INVALID, IO. Does not look at the image. */
int aq_layer_load(const char *id, struct aq_layer *layer, struct aq_error *err);

/* Is the image still what was sealed? LAYER_MISSING or LAYER_CHANGED, naming the layer and what differs. Of
   this layer alone: image/chain.h checks what is below too. */
int aq_layer_check(const struct aq_layer *layer, struct aq_error *err);

/* The same as one word: "ready", "changed" or "missing". */
const char *aq_layer_status(const struct aq_layer *layer);

/* The absolute path of a layer's image, there or not; NULL on error. free() it. */
char *aq_layer_path(const char *id, struct aq_error *err);

/* The layer as something to stand on. aq_parent_free it. */
struct aq_parent aq_layer_as_parent(const struct aq_layer *layer);

/* The ids of all layers, sorted. Leftovers of dead processes are swept. */
int aq_layer_list(struct aq_strings *ids, struct aq_error *err);

/* Holds a layer: shared while something is made from it, exclusive to remove it. Returns a descriptor whose
   closing lets go; LAYER_NOT_FOUND, LAYER_IN_USE when it cannot be had within a minute. */
int aq_layer_lock(const char *id, enum aq_lock kind, struct aq_error *err);

/* Removes a layer on which nothing stands: LAYER_NOT_FOUND, LAYER_IN_USE naming what does, or (at once)
   because something is being made from it. */
int aq_layer_remove(const char *id, aq_dependents *above, struct aq_error *err);

/* The same of a layer that the caller holds exclusively and knows that nothing stands on. */
int aq_layer_remove_held(const char *id, struct aq_error *err);

#endif
