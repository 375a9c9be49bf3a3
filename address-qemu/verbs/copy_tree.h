/* SPDX-License-Identifier: MIT */
/* Whole folders, for copy_to and copy_from: what they say of one. */
#ifndef AQ_VERBS_COPY_TREE_H
#define AQ_VERBS_COPY_TREE_H

#include "command/verb.h"
#include "util/tree_counts.h"

#define AQ_PARAM_RECURSIVE                                                                                   \
    {                                                                                                        \
        "recursive", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "copy a folder with all that is in it" \
    }

#define AQ_COPY_TREE_FIELDS                                                                                  \
    {"FILES", "with recursive: how many files it has"}, {"FOLDERS", "how many folders, itself too"},         \
        {"LINKS", "how many symbolic links"},                                                                \
    {                                                                                                        \
        "SKIPPED.n.PATH", "what was left out; also `REASON`"                                                 \
    }

/* Sets those and BYTES, and says where from and to. */
void aq_set_tree_fields(aq_result *result, const struct aq_tree_counts *counts, const char *from,
                        const char *to);

#endif
