/* SPDX-License-Identifier: MIT */
/*
 * Puts files of ours into the tree that becomes a root file system. No symbolic link is followed on the way:
 * /var/run leads to /run, and that would be the host's.
 */
#ifndef AQ_IMAGE_BUILD_TREE_H
#define AQ_IMAGE_BUILD_TREE_H

#include <sys/types.h>

#include "util/error.h"

/* Makes a folder and its parents (0755 whatever the umask). Returns a descriptor to close. */
int aq_tree_folder(int root, const char *path, struct aq_error *err);

/* Makes a folder with a mode of its own. */
int aq_tree_mkdir(int root, const char *path, mode_t mode, struct aq_error *err);

/* Writes a file, in place of what is there. */
int aq_tree_put(int root, const char *path, const void *data, size_t length, mode_t mode,
                struct aq_error *err);

/* Copies a file of the host. */
int aq_tree_copy(int root, const char *path, const char *from, mode_t mode, struct aq_error *err);

/* Makes a symbolic link, in place of what is there. */
int aq_tree_link(int root, const char *path, const char *target, struct aq_error *err);

/* Puts in the embedded folder `overlay`, then the links that the embedded file `overlay`.links lists, a path
   and its target on each line. A file that begins with #! is executable. */
int aq_tree_overlay(int root, const char *overlay, struct aq_error *err);

#endif
