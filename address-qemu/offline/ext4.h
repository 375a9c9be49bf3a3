/* SPDX-License-Identifier: MIT */
/* Carrying a bundle out without an appliance, by ext4-writer (ext4/writer.h). */
#ifndef AQ_OFFLINE_EXT4_H
#define AQ_OFFLINE_EXT4_H

#include <stdbool.h>

#include "util/disk_image.h"
#include "util/error.h"
#include "util/memory.h"

struct aq_ext4_request {
    const struct aq_disk_image *chain; /* the overlay to write to first */
    unsigned chain_count;
    int partition;      /* 0: the whole disk */
    int bundle;         /* an open file, read from its start */
    const char *folder; /* an empty folder of ours, for the daemon's socket */
    unsigned cpu_limit; /* seconds of processor time; 0: many times what a sound file system needs */
};

enum aq_ext4_outcome {
    AQ_EXT4_DONE,
    AQ_EXT4_UNFIT,  /* to be done by the appliance, on a fresh overlay: `said` has why */
    AQ_EXT4_FAILED, /* an item cannot be carried out: `said` is for aq_bundle_fail */
};

/* Lists all names of the file system at the top of the chain, which is only read (offline/list_format.h):
   `bundle` is not looked at. DONE or UNFIT. */
int aq_ext4_list(const struct aq_ext4_request *request, enum aq_ext4_outcome *outcome,
                 struct aq_buffer *listing, struct aq_error *err);

/* Finds the partition (0: the whole disk) whose ext4 is the root of the one system on the disk, if its fstab
   mounts nothing else of the disk's: `partition` and `bundle` are not looked at. DONE or UNFIT. */
int aq_ext4_find(const struct aq_ext4_request *request, enum aq_ext4_outcome *outcome, int *partition,
                 struct aq_error *err);

/* What came of it; `relabel` tells whether SELinux labels were asked for. -1 when it could not be tried:
   INTERRUPTED, TOOL_MISSING, TIMEOUT when the disk takes far longer than a slow one. After anything but DONE
   the overlay is to be thrown away. */
int aq_ext4_write(const struct aq_ext4_request *request, enum aq_ext4_outcome *outcome, bool *relabel,
                  struct aq_buffer *said, struct aq_error *err);

#endif
