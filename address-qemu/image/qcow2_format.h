/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the qcow2 format, the limits of QEMU's own driver (docs/interop/qcow2.txt, block/qcow2.h), and
 * what the files qcow2_*.c share.
 */
#ifndef AQ_IMAGE_QCOW2_FORMAT_H
#define AQ_IMAGE_QCOW2_FORMAT_H

#include <stdint.h>

#include "image/qcow2.h"

#define QCOW2_MAGIC UINT32_C(0x514649fb) /* "QFI\xfb" */
#define QCOW2_V2_HEADER 72
#define QCOW2_V3_HEADER 104

/* Where the header's fields are. */
enum {
    QCOW2_AT_MAGIC = 0,
    QCOW2_AT_VERSION = 4,
    QCOW2_AT_BACKING_OFFSET = 8,
    QCOW2_AT_BACKING_LENGTH = 16,
    QCOW2_AT_CLUSTER_BITS = 20,
    QCOW2_AT_SIZE = 24,
    QCOW2_AT_CRYPT_METHOD = 32,
    QCOW2_AT_L1_ENTRIES = 36,
    QCOW2_AT_L1_OFFSET = 40,
    QCOW2_AT_REFCOUNT_OFFSET = 48,
    QCOW2_AT_REFCOUNT_CLUSTERS = 56,
    QCOW2_AT_SNAPSHOT_COUNT = 60,
    QCOW2_AT_SNAPSHOTS_OFFSET = 64,
    QCOW2_AT_INCOMPATIBLE = 72,
    QCOW2_AT_COMPATIBLE = 80,
    QCOW2_AT_AUTOCLEAR = 88,
    QCOW2_AT_REFCOUNT_ORDER = 96,
    QCOW2_AT_HEADER_LENGTH = 100,
    QCOW2_AT_COMPRESSION = 104,
};

/* Header extensions. */
#define QCOW2_EXT_END UINT32_C(0)
#define QCOW2_EXT_BACKING_FORMAT UINT32_C(0xe2792aca)
#define QCOW2_EXT_DATA_FILE UINT32_C(0x44415441)

#define QCOW2_MIN_CLUSTER_BITS 9
#define QCOW2_MAX_CLUSTER_BITS 21
#define QCOW2_MIN_EXTENDED_L2_BITS 14
#define QCOW2_MAX_REFCOUNT_ORDER 6
#define QCOW2_V2_REFCOUNT_ORDER 4
#define QCOW2_MAX_L1 (UINT64_C(32) << 20)
#define QCOW2_MAX_REFCOUNT_TABLE (UINT64_C(8) << 20)
#define QCOW2_MAX_SNAPSHOTS 65536
#define QCOW2_MAX_SNAPSHOT_TABLE (UINT64_C(64) << 20)
#define QCOW2_MAX_SNAPSHOT_EXTRA 1024
#define QCOW2_SNAPSHOT_HEADER 40

/* Of L1, L2 and refcount table entries. */
#define QCOW2_OFFSET_MASK UINT64_C(0x00fffffffffffe00)
#define QCOW2_REFCOUNT_OFFSET_MASK UINT64_C(0xfffffffffffffe00)
#define QCOW2_COMPRESSED (UINT64_C(1) << 62)
#define QCOW2_ZERO UINT64_C(1)

/* aq_read_all_at, with the image's name in the error. */
int aq_qcow2_pread(int fd, const char *where, void *data, uint64_t length, uint64_t offset,
                   struct aq_error *err);

/* Refuses a table that is not aligned or lies in the header (IMAGE_CORRUPT), or not inside the file
   (IMAGE_TRUNCATED). `what` is its name in the message. Nothing can overflow. */
int aq_qcow2_judge_table(const struct aq_qcow2_info *info, const char *what, uint64_t offset, uint64_t length,
                         const char *where, struct aq_error *err);

/* Refuses a snapshot table with too many entries (IMAGE_SIZE) or in the wrong place (as above). */
int aq_qcow2_judge_snapshots(const struct aq_qcow2_info *info, const char *where, struct aq_error *err);

/* How many L1 entries the virtual disk takes. */
uint64_t aq_qcow2_l1_needed(const struct aq_qcow2_info *info);

#endif
