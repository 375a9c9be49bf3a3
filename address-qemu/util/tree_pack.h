/* SPDX-License-Identifier: MIT */
/*
 * A folder of the host as an archive (util/tar.h) that is made as it is read. Links are packed as links and
 * not followed, whatever they lead to; devices, fifos and sockets are left out and counted. Nothing but one
 * piece of it is in memory.
 */
#ifndef AQ_UTIL_TREE_PACK_H
#define AQ_UTIL_TREE_PACK_H

#include <sys/types.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/tree_counts.h"

struct aq_tree_pack;

/* Opens it; a link of that name is followed. FILE_NOT_FOUND, FILE_KIND, UNREADABLE, IO. `counts` is filled in
   as it is read, and outlives it. */
struct aq_tree_pack *aq_tree_pack_open(const char *path, struct aq_tree_counts *counts, struct aq_error *err);

/* The next bytes of the archive: how many, 0 at its end, -1: UNREADABLE or IO of something in it,
   TRANSFER_CORRUPT for a file that has become shorter meanwhile, LIMIT_EXCEEDED for folders without end. */
ssize_t aq_tree_pack_read(struct aq_tree_pack *pack, void *to, size_t room, struct aq_error *err);

void aq_tree_pack_close(struct aq_tree_pack *pack);

static inline void aq_cleanup_tree_pack(struct aq_tree_pack **pack)
{
    aq_tree_pack_close(*pack);
}

#define aq_autotreepack aq_cleanup(aq_cleanup_tree_pack)

#endif
