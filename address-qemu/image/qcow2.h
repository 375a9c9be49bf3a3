/* SPDX-License-Identifier: MIT */
/*
 * qcow2 images, read and written natively: a header is judged here before any QEMU tool sees the file,
 * because a hostile one can name any file of the host. Followed is QEMU's docs/interop/qcow2.txt (versions 2
 * and 3) and, for limits, what QEMU's own driver accepts. `where` in every function is the path that errors
 * name.
 */
#ifndef AQ_IMAGE_QCOW2_H
#define AQ_IMAGE_QCOW2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

/* The longest name of a backing file, without NUL, and of its format, as QEMU takes them. */
#define AQ_QCOW2_NAME_MAX 1023
#define AQ_QCOW2_FORMAT_MAX 15

/* The largest virtual disk that is accepted or written: 64 TiB. */
#define AQ_QCOW2_SIZE_MAX (UINT64_C(64) << 40)

/* Bits of incompatible_features. */
enum aq_qcow2_feature {
    AQ_QCOW2_DIRTY = 1 << 0,
    AQ_QCOW2_CORRUPT = 1 << 1,
    AQ_QCOW2_DATA_FILE = 1 << 2,
    AQ_QCOW2_COMPRESSION = 1 << 3,
    AQ_QCOW2_EXTENDED_L2 = 1 << 4,
};

/* What a header says, unjudged. Offsets and sizes in bytes unless named otherwise. */
struct aq_qcow2_info {
    uint64_t file_size;
    uint32_t version; /* 2 or 3 */
    uint32_t cluster_bits;
    uint64_t virtual_size;
    uint32_t crypt_method; /* 0 none, 1 AES, 2 LUKS */
    uint64_t l1_offset;
    uint32_t l1_entries;
    uint64_t refcount_offset;
    uint32_t refcount_clusters;
    uint32_t refcount_order;
    uint64_t snapshots_offset;
    uint32_t snapshot_count;
    uint64_t incompatible;
    uint64_t compatible;
    uint64_t autoclear;
    uint32_t header_length;
    uint8_t compression;  /* 0 zlib, 1 zstd */
    bool names_data_file; /* by the header extension; the feature bit is in `incompatible` */
    char backing_file[AQ_QCOW2_NAME_MAX + 1];     /* "" when there is none */
    char backing_format[AQ_QCOW2_FORMAT_MAX + 1]; /* "" when it is not said */
};

/* Reads the header, its extensions and the backing file's name. Fails where they cannot be read at all:
   IMAGE_NOT_QCOW2, IMAGE_TRUNCATED, IMAGE_CORRUPT, IO. */
int aq_qcow2_read(int fd, const char *where, struct aq_qcow2_info *info, struct aq_error *err);

/* Refuses what must not be used: unknown features (IMAGE_FEATURE), marked corrupt or contradicting itself
   (IMAGE_CORRUPT), dirty (IMAGE_IN_USE), IMAGE_ENCRYPTED, IMAGE_DATA_FILE, absurd sizes (IMAGE_SIZE), tables
   beyond the file's end (IMAGE_TRUNCATED), and any backing file but `backing` (IMAGE_BACKING_FILE). NULL: it
   must have none; otherwise it must have that very one, and say that its format is qcow2. */
int aq_qcow2_judge(const struct aq_qcow2_info *info, const char *backing, const char *where,
                   struct aq_error *err);

/* The part of that which is about other files: neither encrypted nor with a data file, and no backing file
   but `backing`. For an image that may be in use. */
int aq_qcow2_judge_references(const struct aq_qcow2_info *info, const char *backing, const char *where,
                              struct aq_error *err);

/* Follows the active L1 table and its L2 tables, and the refcount table, of a header that was judged:
   everything they point at must lie inside the file (IMAGE_TRUNCATED) and be aligned (IMAGE_CORRUPT). Ends
   early with INTERRUPTED. */
int aq_qcow2_check_tables(int fd, const struct aq_qcow2_info *info, const char *where, struct aq_error *err);

/* All of the above, for a file from outside: not open for writing elsewhere (IMAGE_IN_USE, by QEMU's own
   locks), header, judgement without backing file, snapshots and tables. */
int aq_qcow2_admit(int fd, const char *where, struct aq_qcow2_info *info, struct aq_error *err);

/* Was nothing ever written to the image: are all entries of its active L1 table zero? 1 yes, 0 no. Of a
   header that was judged. */
int aq_qcow2_is_empty(int fd, const struct aq_qcow2_info *info, const char *where, struct aq_error *err);

/* Is none of the disk's clusters of [from, to) kept in the image itself, so that all of it is read from below
   it? 1 yes, 0 no. Of a header that was judged. */
int aq_qcow2_is_below(int fd, const struct aq_qcow2_info *info, const char *where, uint64_t from, uint64_t to,
                      struct aq_error *err);

/* Where something is: it is read from below, it was read here, or the image has it in another way than as
   plain bytes (compressed, in subclusters, or noted to be zeros). */
enum aq_qcow2_place { AQ_QCOW2_BELOW, AQ_QCOW2_HERE, AQ_QCOW2_OTHERWISE };

/* Reads `length` bytes at `at` of the disk, which have to be of one cluster, if the image itself has them.
   Returns an aq_qcow2_place, or -1. Of a header that was judged. */
int aq_qcow2_read_written(int fd, const struct aq_qcow2_info *info, const char *where, uint64_t at,
                          void *data, size_t length, struct aq_error *err);

/* Does a QEMU (or qemu-img) have the image open for writing? By the locks that QEMU takes on its images. */
bool aq_qcow2_in_use(int fd);

/* An internal snapshot. Names are what the file says, cut at a NUL: not necessarily UTF-8. */
struct aq_qcow2_snapshot {
    char *id;
    char *name;
    int64_t date; /* seconds since the Epoch */
    uint32_t date_ns;
    uint64_t vm_clock_ns;
    uint64_t vm_state_size; /* 0: disk only */
    uint64_t virtual_size;  /* 0: not said (version 2) */
};

struct aq_qcow2_snapshots {
    struct aq_qcow2_snapshot *items;
    size_t count;
};

/* Reads the snapshot table, judging where and how large the header says it is. IMAGE_TRUNCATED,
 * IMAGE_CORRUPT, IMAGE_SIZE. Free with the next. */
int aq_qcow2_read_snapshots(int fd, const struct aq_qcow2_info *info, const char *where,
                            struct aq_qcow2_snapshots *snapshots, struct aq_error *err);
void aq_qcow2_snapshots_free(struct aq_qcow2_snapshots *snapshots);

#define aq_autosnapshots aq_cleanup(aq_qcow2_snapshots_free)

/* Makes the empty file `fd` a copy-on-write overlay: version 3, clusters of 64 KiB, 12 KiB on disk; `backing`
   is written as given (relative: to the overlay's folder), with its format said to be qcow2. The virtual size
   is rounded up to 512 bytes and may be larger than the backing file's: what is beyond reads as zeros. Not
   synced. LIMIT_EXCEEDED for a name over 1023 bytes or a size over 64 TiB, VALUE_INVALID for no name or no
   size, IO. */
int aq_qcow2_write_overlay(int fd, const char *where, const char *backing, uint64_t virtual_size,
                           struct aq_error *err);

#endif
