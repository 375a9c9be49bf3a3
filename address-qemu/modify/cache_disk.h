/* SPDX-License-Identifier: MIT */
/*
 * Caches of commands: folders that are kept between builds and are part of no layer. Each is a sparse disk of
 * its own in the store, `cache/mounts/…`, which the commands of one build at a time have: another build
 * waits.
 */
#ifndef AQ_MODIFY_CACHE_DISK_H
#define AQ_MODIFY_CACHE_DISK_H

#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"

#define AQ_CACHE_DISKS_MAX 16

struct aq_cache_disk {
    char *folder; /* in the guest */
    char *path;   /* of the disk */
    char label[8];
    int lock;
};

struct aq_cache_disks {
    struct aq_cache_disk items[AQ_CACHE_DISKS_MAX];
    unsigned count;
};

/* Opens (and makes, empty) the disks for those folders of images made of the base `base`, in an order that
   all builds keep to; `wait` (may be NULL) is called when another build has one. LIMIT_EXCEEDED, INTERRUPTED,
   NO_SPACE, IO. */
int aq_cache_disks_open(const char *base, struct aq_strings *folders, void (*wait)(void *data), void *data,
                        struct aq_cache_disks *disks, struct aq_error *err);

const struct aq_cache_disk *aq_cache_disk_of(const struct aq_cache_disks *disks, const char *folder);

void aq_cache_disks_close(struct aq_cache_disks *disks);
#define aq_autocachedisks aq_cleanup(aq_cache_disks_close)

#endif
