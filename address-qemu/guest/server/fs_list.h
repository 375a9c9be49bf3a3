/* SPDX-License-Identifier: MIT */
/* The guest's file systems that hold data on a disk, for freezing them all. */
#ifndef AQ_GUEST_SERVER_FS_LIST_H
#define AQ_GUEST_SERVER_FS_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#define AQ_FS_MAX 64

struct aq_fs_list {
    unsigned count;
    struct {
        int fd; /* of its root */
        dev_t device;
        bool frozen; /* by us */
        char where[64];
    } entries[AQ_FS_MAX];
};

/* Opens each file system of a block device that is mounted for writing, in the order in which they were
   mounted; one that is mounted several times, once. False with errno when the list cannot be read. What is
   beyond AQ_FS_MAX is left out. */
bool aq_fs_list_open(struct aq_fs_list *list);

/* Freezes them, the last mounted first, for it may lie in a file of another. NULL, or where it failed, with
   errno; kinds that cannot be frozen, and what somebody else has frozen, are passed over. */
const char *aq_fs_list_freeze(struct aq_fs_list *list);

/* Thaws what was frozen here. */
void aq_fs_list_thaw(struct aq_fs_list *list);

#endif
