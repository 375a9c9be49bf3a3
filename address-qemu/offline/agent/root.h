/* SPDX-License-Identifier: MIT */
/* The image's tree in the appliance. It is hostile: whatever a link in it says, nothing is opened outside it.
 */
#ifndef AQ_OFFLINE_AGENT_ROOT_H
#define AQ_OFFLINE_AGENT_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

/* Where libguestfs mounts what is changed. */
#define AQ_SYSROOT "/sysroot"

/* Opens the tree's root; -1 with errno. */
int aq_root_open(void);

/* Opens what `path` leads to, links resolved as if `root` were "/". O_CLOEXEC is added. -1 with errno. */
int aq_root_at(int root, const char *path, int flags, mode_t mode);

/* Opens (O_PATH) the folder that `path` is in; missing ones are made, 0755 and root's, if `make`. *name
   points at the path's last part. -1 with errno; ENOENT without `make` may mean any of them, with it a link
   that leads nowhere. */
int aq_root_parent(int root, const char *path, bool make, const char **name);

/* Reads a regular file of the tree, at most `max` bytes of it, into memory to free(); NULL with errno. */
char *aq_root_read(int root, const char *path, size_t max, size_t *length);

#endif
