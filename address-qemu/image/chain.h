/* SPDX-License-Identifier: MIT */
/*
 * Chains: the images that make up a disk, from its own down to one that stands alone. The records say what
 * they are; of each it is checked that it is what was recorded (a base's pin, a layer's seal, the pin that
 * the child took of it) and that the header of each says the very name of the next that this product writes.
 * It costs a look at each file and its header, no digest.
 */
#ifndef AQ_IMAGE_CHAIN_H
#define AQ_IMAGE_CHAIN_H

#include "image/parent.h"
#include "util/disk_image.h"

/* The most images that a disk may be made of, its own included. Other programs that follow the names in the
   headers (libguestfs) string them together, which has to fit into a path. */
#define AQ_CHAIN_MAX 40

/* One image below a disk, as the records know it. */
struct aq_chain_member {
    enum aq_parent_kind kind; /* BASE, LAYER or FILE; NONE for the disk itself */
    char *name;               /* as in struct aq_parent; "" for the disk itself */
};

/* Zero-initialise, aq_chain_free at the end. images[i] and members[i] are the same image; images is what
   aq_disk.chain (qemu/machine.h) takes. */
struct aq_chain {
    struct aq_disk_image *images; /* paths owned */
    struct aq_chain_member *members;
    unsigned count;
};

void aq_chain_free(struct aq_chain *chain);
#define aq_autochain aq_cleanup(aq_chain_free)

/* Adds one image, unlooked at. LIMIT_EXCEEDED. */
int aq_chain_append(struct aq_chain *chain, enum aq_parent_kind kind, const char *name, const char *path,
                    struct aq_error *err);

/* Adds what `parent` stands for and all below it, the nearest first, each checked; nothing for NONE.
   BASE_NOT_FOUND, BASE_CHANGED, BASE_MISSING, LAYER_NOT_FOUND, LAYER_CHANGED, LAYER_MISSING, IMAGE_MISSING or
   IMAGE_CHANGED (a user's own file), IMAGE_BACKING_FILE, LIMIT_EXCEEDED for one that is too deep. */
int aq_chain_add(const struct aq_parent *parent, struct aq_chain *chain, struct aq_error *err);

/* The whole chain of a disk (absolute path) that stands on `parent`: its own image first, of which only the
   names of other files in its header are judged, since it may be in use. */
int aq_chain_of_disk(const char *path, const struct aq_parent *parent, struct aq_chain *chain,
                     struct aq_error *err);

/* Bytes that its images from that one on take on the host. */
uint64_t aq_chain_allocated(const struct aq_chain *chain, unsigned from);

#endif
