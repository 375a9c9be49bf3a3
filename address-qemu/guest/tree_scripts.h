/* SPDX-License-Identifier: MIT */
/* The guest's part of copying folders, in POSIX shell with busybox's tools or any others. */
#ifndef AQ_GUEST_TREE_SCRIPTS_H
#define AQ_GUEST_TREE_SCRIPTS_H

/* The beginning of the names of folders that are not in their place yet. */
#define AQ_TREE_STAGE ".aq-tree-"

/* Their exit codes; what went wrong is the first line of standard error. */
enum {
    AQ_TREE_NOT_FOUND = 11,
    AQ_TREE_REFUSED = 13,
    AQ_TREE_NO_TOOLS = 14,
    AQ_TREE_CORRUPT = 21,
};

/* $1 the place, $2 the stage's name, $3 yes: make folders; the archive is on standard input. Unpacks it into
   the stage, beside the place or in the folder that is there, and notes its digest. */
extern const char aq_tree_stage_script[];

/* $1 the place, $2 the stage's name, $3 the digest, $4 the owner or "". Puts it in its place. */
extern const char aq_tree_commit_script[];

/* $1 the place, $2 the stage's name. Removes what is left of it. */
extern const char aq_tree_discard_script[];

/* $1 the folder, $2 a random name. The archive is its standard output, "sum DIGEST" its last word. */
extern const char aq_tree_fetch_script[];

/* $1 as above, $2 the random name. Removes the working files of one that was killed. */
extern const char aq_tree_fetch_discard_script[];

#endif
