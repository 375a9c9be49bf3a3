/* SPDX-License-Identifier: MIT */
/*
 * Writing an overlay. Its clusters are, in this order: header, refcount table, one refcount block, L1 table.
 * Only the first page of each of the first three is written; the L1 table of an empty overlay is zeros, so it
 * stays a hole.
 */
#include "image/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "image/endian.h"
#include "image/qcow2_format.h"

#define CLUSTER_BITS 16
#define CLUSTER (UINT64_C(1) << CLUSTER_BITS)
#define PAGE 4096
#define REFCOUNT_ORDER 4 /* 16 bits each */
#define REFCOUNT_TABLE CLUSTER
#define REFCOUNT_BLOCK (2 * CLUSTER)
#define L1_TABLE (3 * CLUSTER)
#define L1_ENTRY_COVERS ((CLUSTER / 8) * CLUSTER)
#define FORMAT "qcow2"

/* The refcounts of the largest overlay have to fit into the page that is written of the refcount block. */
_Static_assert((3 + AQ_QCOW2_SIZE_MAX / L1_ENTRY_COVERS * 8 / CLUSTER) * 2 <= PAGE, "one page of refcounts");

/* Header, format extension, end of extensions, name. */
_Static_assert(QCOW2_V3_HEADER + 8 + 8 + 8 + AQ_QCOW2_NAME_MAX <= PAGE, "one page of header");

static void fill_header(uint8_t *page, const char *backing, uint64_t virtual_size, uint32_t l1_entries)
{
    const size_t extension = QCOW2_V3_HEADER, name = extension + 8 + 8 + 8;
    aq_put_be32(page + QCOW2_AT_MAGIC, QCOW2_MAGIC);
    aq_put_be32(page + QCOW2_AT_VERSION, 3);
    aq_put_be64(page + QCOW2_AT_BACKING_OFFSET, name);
    aq_put_be32(page + QCOW2_AT_BACKING_LENGTH, (uint32_t)strlen(backing));
    aq_put_be32(page + QCOW2_AT_CLUSTER_BITS, CLUSTER_BITS);
    aq_put_be64(page + QCOW2_AT_SIZE, virtual_size);
    aq_put_be32(page + QCOW2_AT_L1_ENTRIES, l1_entries);
    aq_put_be64(page + QCOW2_AT_L1_OFFSET, L1_TABLE);
    aq_put_be64(page + QCOW2_AT_REFCOUNT_OFFSET, REFCOUNT_TABLE);
    aq_put_be32(page + QCOW2_AT_REFCOUNT_CLUSTERS, 1);
    aq_put_be32(page + QCOW2_AT_REFCOUNT_ORDER, REFCOUNT_ORDER);
    aq_put_be32(page + QCOW2_AT_HEADER_LENGTH, QCOW2_V3_HEADER);
    aq_put_be32(page + extension, QCOW2_EXT_BACKING_FORMAT);
    aq_put_be32(page + extension + 4, sizeof FORMAT - 1);
    memcpy(page + extension + 8, FORMAT, sizeof FORMAT - 1);
    memcpy(page + name, backing, strlen(backing));
}

/* QEMU takes what stands before a colon for a protocol, unless a slash comes first. */
static bool names_protocol(const char *backing)
{
    return backing[strcspn(backing, ":/")] == ':';
}

static int write_page(int fd, const uint8_t *page, uint64_t offset, const char *where, struct aq_error *err)
{
    ssize_t written = pwrite(fd, page, PAGE, (off_t)offset);
    if (written == PAGE)
        return 0;
    return aq_fail_errno(err, AQ_E_IO, written < 0 ? errno : ENOSPC, "cannot write %s", where);
}

static int write_pages(int fd, const char *where, const char *backing, uint64_t virtual_size,
                       struct aq_error *err)
{
    uint32_t l1_entries = (uint32_t)((virtual_size + L1_ENTRY_COVERS - 1) / L1_ENTRY_COVERS);
    uint64_t l1_clusters = (l1_entries * UINT64_C(8) + CLUSTER - 1) / CLUSTER;
    uint8_t header[PAGE] = {0}, table[PAGE] = {0}, block[PAGE] = {0};

    fill_header(header, backing, virtual_size, l1_entries);
    aq_put_be64(table, REFCOUNT_BLOCK);
    for (size_t cluster = 0; cluster < 3 + l1_clusters; cluster++)
        aq_put_be16(block + 2 * cluster, 1);

    if (ftruncate(fd, (off_t)(L1_TABLE + l1_clusters * CLUSTER)) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot write %s", where);
    if (write_page(fd, header, 0, where, err) < 0 || write_page(fd, table, REFCOUNT_TABLE, where, err) < 0)
        return -1;
    return write_page(fd, block, REFCOUNT_BLOCK, where, err);
}

int aq_qcow2_write_overlay(int fd, const char *where, const char *backing, uint64_t virtual_size,
                           struct aq_error *err)
{
    if (backing[0] == '\0' || virtual_size == 0)
        return aq_fail(err, AQ_E_VALUE_INVALID, "an overlay needs a backing file and a size; %s has not both",
                       where);
    if (names_protocol(backing))
        return aq_fail(
            err, AQ_E_VALUE_INVALID,
            "%.100s cannot name a backing file: QEMU would take what is before the colon for a protocol",
            backing);
    if (strlen(backing) > AQ_QCOW2_NAME_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED,
                       "the path of the backing file has %zu bytes; qcow2 can name up to %d: %.100s…",
                       strlen(backing), AQ_QCOW2_NAME_MAX, backing);
    if (virtual_size > AQ_QCOW2_SIZE_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "a disk of %" PRIu64 " bytes is too large; 64T is the most",
                       virtual_size);
    return write_pages(fd, where, backing, (virtual_size + 511) & ~UINT64_C(511), err);
}
