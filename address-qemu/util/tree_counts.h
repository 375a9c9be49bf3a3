/* SPDX-License-Identifier: MIT */
/* What a folder that was copied had in it, and what of it was left out. */
#ifndef AQ_UTIL_TREE_COUNTS_H
#define AQ_UTIL_TREE_COUNTS_H

#include <stdint.h>

#include "util/memory.h"

#define AQ_TREE_DEPTH_MAX 256
#define AQ_TREE_SKIPPED_MAX 1000 /* that are remembered by name */

/* Zero-initialise; aq_tree_counts_free at the end. */
struct aq_tree_counts {
    uint64_t files, folders, links, bytes;
    uint64_t skipped;
    struct aq_strings skipped_paths, skipped_reasons; /* the first of them */
};

static inline void aq_tree_skip(struct aq_tree_counts *counts, const char *path, const char *reason)
{
    counts->skipped++;
    if (counts->skipped > AQ_TREE_SKIPPED_MAX)
        return;
    aq_strings_add(&counts->skipped_paths, path);
    aq_strings_add(&counts->skipped_reasons, reason);
}

static inline void aq_tree_counts_free(struct aq_tree_counts *counts)
{
    aq_strings_free(&counts->skipped_paths);
    aq_strings_free(&counts->skipped_reasons);
}

#endif
