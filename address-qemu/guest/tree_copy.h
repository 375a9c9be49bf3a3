/* SPDX-License-Identifier: MIT */
/*
 * Whole folders into a guest and out of it: one stream, not a round trip for each file. The guest's end is
 * its own tar, driven by a short script over whatever channel there is; our end is util/tree_pack.h and
 * tree_unpack.h. What arrives is digested on both ends, and put in its place only when it is what was sent.
 */
#ifndef AQ_GUEST_TREE_COPY_H
#define AQ_GUEST_TREE_COPY_H

#include "guest/channel.h"
#include "util/tree_pack.h"
#include "util/tree_unpack.h"

struct aq_guest_tree_put {
    struct aq_tree_pack *pack; /* read to its end */
    const char *path;          /* absolute, in the guest: nothing, or a folder that it is joined with */
    const char *owner;         /* as in aq_guest_put */
    bool make_folders;         /* those above it */
    aq_deadline deadline;
};

/* All of it is there afterwards, or nothing; joined with a folder that was there, each file is whole.
   GUEST_FILE_NOT_FOUND, GUEST_REFUSED with the guest's words (no space, a file where a folder is to be),
   TRANSFER_CORRUPT, NOT_SUPPORTED (no tar in the guest), TIMEOUT; and what reading the pack may fail with. */
int aq_guest_tree_put(struct aq_channel *channel, const struct aq_guest_tree_put *put, struct aq_error *err);

struct aq_guest_tree_get {
    const char *path;              /* absolute, a folder in the guest */
    struct aq_tree_unpack *unpack; /* takes what comes, and is finished when all has come */
    aq_deadline deadline;
};

int aq_guest_tree_get(struct aq_channel *channel, const struct aq_guest_tree_get *get, struct aq_error *err);

#endif
