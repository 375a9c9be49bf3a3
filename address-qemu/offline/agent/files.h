/* SPDX-License-Identifier: MIT */
/* Carrying out a bundle, in parts: where the owners are looked up, and one function a kind of item. */
#ifndef AQ_OFFLINE_AGENT_FILES_H
#define AQ_OFFLINE_AGENT_FILES_H

#include <stdint.h>
#include <sys/stat.h>

#include "offline/bundle_read.h"

struct aq_files {
    int root;
    struct aq_bundle_reader bundle;
    struct aq_bundle_item item; /* the present one */
    char *users, *groups;       /* the image's passwd and group, once they were needed */
    size_t users_length, groups_length;
};

/* Says what is wrong with the present item; returns -1. */
int aq_files_complain(const struct aq_files *files, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Gives the open `fd` the item's owner and mode: those that are set, and for what is `fresh` all of them.
   `was` is how it was, NULL for what is fresh. */
int aq_files_own(struct aq_files *files, int fd, const struct stat *was);

/* The owner and group that the item has to have: what it says, or what it has or is root's. `was` as above.
 */
int aq_files_owner(struct aq_files *files, const struct stat *was, uid_t *uid, gid_t *gid);

/* FILE, APPEND. */
int aq_files_put(struct aq_files *files);
int aq_files_append(struct aq_files *files);

#endif
