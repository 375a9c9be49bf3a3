/* SPDX-License-Identifier: MIT */
/*
 * The guest's control groups, version 2, as far as freezing needs them. (Source: the kernel's
 * Documentation/admin-guide/cgroup-v2.rst.) Groups are named by their path below the root, without a slash in
 * front; "" is the root itself.
 */
#ifndef AQ_GUEST_SERVER_CGROUP_H
#define AQ_GUEST_SERVER_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define AQ_CGROUP_PATH 512

/* Opens the root of the hierarchy, mounting it in a folder of our own where nothing has. -1 with errno. */
int aq_cgroup_root(void);

/* Writes a word into a file of a group; false with errno. */
bool aq_cgroup_write(int root, const char *group, const char *file, const char *word);

/* The number behind a key of a group's file ("frozen" in cgroup.events), or the file's only number for the
   key NULL; -1 if there is none. */
int aq_cgroup_read(int root, const char *group, const char *file, const char *key);

/* Makes a group; true if it is there. */
bool aq_cgroup_make(int root, const char *group);

/* Moves a process into a group; false with errno. */
bool aq_cgroup_move(int root, const char *group, pid_t pid);

/* Is the calling process in that group? */
bool aq_cgroup_is_own(const char *group);

/* Calls `each` with the name of every group directly below the root, until it returns false; then that. */
bool aq_cgroup_each(int root, bool (*each)(void *data, const char *group), void *data);

#endif
