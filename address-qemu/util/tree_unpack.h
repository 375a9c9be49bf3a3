/* SPDX-License-Identifier: MIT */
/*
 * An archive (util/tar.h) that comes from somewhere that is not trusted, made into a folder as it comes.
 * Nothing in it can reach beyond that folder: every path is walked from the folder itself without following a
 * link; a file never takes another's place through a link; devices, fifos and sockets are left out and
 * counted, and so are links that lead out (absolute ones, and those that climb), unless all links are wanted.
 * What is made belongs to this user, has no set-id bits, and is writable for nobody else.
 */
#ifndef AQ_UTIL_TREE_UNPACK_H
#define AQ_UTIL_TREE_UNPACK_H

#include "util/cleanup.h"
#include "util/error.h"
#include "util/tree_counts.h"

#define AQ_TREE_ENTRIES_MAX 1000000

struct aq_tree_unpack;

/* Into an empty folder that is open (not taken). At most `limit` bytes of contents. `counts` outlives it. */
struct aq_tree_unpack *aq_tree_unpack_open(int folder, bool all_links, uint64_t limit,
                                           struct aq_tree_counts *counts);

/* Takes the next bytes: -1 with TRANSFER_CORRUPT, GUEST_REFUSED (what it says cannot be), LIMIT_EXCEEDED,
   NO_SPACE or IO. What was made by then stays. */
int aq_tree_unpack_write(struct aq_tree_unpack *unpack, const void *bytes, size_t length,
                         struct aq_error *err);

/* After the last: was it whole? Gives the folders their modes, and sees everything to the disk. */
int aq_tree_unpack_finish(struct aq_tree_unpack *unpack, struct aq_error *err);

void aq_tree_unpack_close(struct aq_tree_unpack *unpack);

static inline void aq_cleanup_tree_unpack(struct aq_tree_unpack **unpack)
{
    aq_tree_unpack_close(*unpack);
}

#define aq_autotreeunpack aq_cleanup(aq_cleanup_tree_unpack)

#endif
