/* SPDX-License-Identifier: MIT */
/*
 * A bundle: what a step of files puts into an image, in one stream. It is written on the host
 * (bundle_write.h) and read where the file system is changed: in libguestfs's appliance (agent/files.c, from
 * a virtual disk) or in the process that writes ext4 by itself (ext4/). Writer and readers are of one build,
 * so the numbers are the machine's own.
 *
 * A head; then for each item an entry, its texts (path, target, owner, group; no NUL) and, of FILE and
 * APPEND, `size` bytes. What the kinds mean is said in spec/inputs.h.
 */
#ifndef AQ_OFFLINE_BUNDLE_FORMAT_H
#define AQ_OFFLINE_BUNDLE_FORMAT_H

#include <stdint.h>

#define AQ_BUNDLE_MAGIC UINT64_C(0x31656c646e755141)
#define AQ_BUNDLE_ENTRY_MAGIC UINT32_C(0x6d657449)

/* Of each of an entry's texts, in bytes. */
#define AQ_BUNDLE_TEXT_MAX 4096

struct aq_bundle_head {
    uint64_t magic;
    uint64_t count;
};

enum aq_bundle_kind {
    AQ_BUNDLE_FOLDER,
    AQ_BUNDLE_FILE,
    AQ_BUNDLE_APPEND,
    AQ_BUNDLE_LINK,
    AQ_BUNDLE_DELETE,
    AQ_BUNDLE_KINDS
};

enum aq_bundle_flag {
    AQ_BUNDLE_RECURSIVE = 1 << 0,
    AQ_BUNDLE_MODE_SET = 1 << 1,  /* also for what is there already … */
    AQ_BUNDLE_OWNER_SET = 1 << 2, /* … and so the owner and group that are said */
};

struct aq_bundle_entry {
    uint32_t magic;
    uint16_t kind;
    uint16_t flags;
    uint16_t mode;
    uint16_t path_length;
    uint16_t target_length;
    uint16_t owner_length;
    uint16_t group_length;
    uint16_t unused;
    uint32_t since; /* not 0: only if what is there was changed then (seconds since the Epoch) or later */
    uint64_t size;
};

/* How a reader ends: what it could not do stands on standard error as "NUMBER MESSAGE", counting items from
 * 0. */
enum aq_bundle_exit {
    AQ_BUNDLE_DONE = 0,
    AQ_BUNDLE_FAILED = 1,
    AQ_BUNDLE_UNFIT = 3, /* of ext4/ alone: the file system, or an item, has to be left to the appliance */
};

#endif
