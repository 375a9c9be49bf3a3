/* SPDX-License-Identifier: MIT */
#include "image/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "image/endian.h"
#include "image/qcow2_format.h"
#include "util/files.h"
#include "util/memory.h"

/* The first cluster, which has the header, its extensions and the backing file's name. */
struct first_cluster {
    uint8_t *data;
    uint64_t length; /* of the data: the cluster's, but for a file that ends before it */
    const char *where;
};

int aq_qcow2_pread(int fd, const char *where, void *data, uint64_t length, uint64_t offset,
                   struct aq_error *err)
{
    if (aq_read_all_at(fd, data, length, (off_t)offset, err) == 0)
        return 0;
    return aq_error_context(err, "%s", where);
}

static void parse_fixed_fields(const uint8_t *header, struct aq_qcow2_info *info)
{
    info->version = aq_be32(header + QCOW2_AT_VERSION);
    info->cluster_bits = aq_be32(header + QCOW2_AT_CLUSTER_BITS);
    info->virtual_size = aq_be64(header + QCOW2_AT_SIZE);
    info->crypt_method = aq_be32(header + QCOW2_AT_CRYPT_METHOD);
    info->l1_entries = aq_be32(header + QCOW2_AT_L1_ENTRIES);
    info->l1_offset = aq_be64(header + QCOW2_AT_L1_OFFSET);
    info->refcount_offset = aq_be64(header + QCOW2_AT_REFCOUNT_OFFSET);
    info->refcount_clusters = aq_be32(header + QCOW2_AT_REFCOUNT_CLUSTERS);
    info->snapshot_count = aq_be32(header + QCOW2_AT_SNAPSHOT_COUNT);
    info->snapshots_offset = aq_be64(header + QCOW2_AT_SNAPSHOTS_OFFSET);
    info->refcount_order = QCOW2_V2_REFCOUNT_ORDER;
    info->header_length = QCOW2_V2_HEADER;
}

static int parse_version_3(const struct first_cluster *first, struct aq_qcow2_info *info,
                           struct aq_error *err)
{
    const uint8_t *header = first->data;
    if (first->length < QCOW2_V3_HEADER)
        return aq_fail(err, AQ_E_IMAGE_TRUNCATED, "%s ends inside its qcow2 header", first->where);
    info->incompatible = aq_be64(header + QCOW2_AT_INCOMPATIBLE);
    info->compatible = aq_be64(header + QCOW2_AT_COMPATIBLE);
    info->autoclear = aq_be64(header + QCOW2_AT_AUTOCLEAR);
    info->refcount_order = aq_be32(header + QCOW2_AT_REFCOUNT_ORDER);
    info->header_length = aq_be32(header + QCOW2_AT_HEADER_LENGTH);
    if (info->header_length < QCOW2_V3_HEADER || info->header_length % 8 != 0 ||
        info->header_length > UINT64_C(1) << info->cluster_bits)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT, "%s says that its qcow2 header has %" PRIu32 " bytes",
                       first->where, info->header_length);
    if (info->header_length > QCOW2_AT_COMPRESSION && first->length > QCOW2_AT_COMPRESSION)
        info->compression = header[QCOW2_AT_COMPRESSION];
    return 0;
}

static int note_extension(const struct first_cluster *first, uint32_t type, uint64_t offset, uint32_t length,
                          struct aq_qcow2_info *info, struct aq_error *err)
{
    if (type == QCOW2_EXT_DATA_FILE)
        info->names_data_file = true;
    if (type != QCOW2_EXT_BACKING_FORMAT)
        return 0;
    if (length > AQ_QCOW2_FORMAT_MAX)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s names the format of its backing file with %" PRIu32
                       " bytes; at most %d are possible",
                       first->where, length, AQ_QCOW2_FORMAT_MAX);
    memcpy(info->backing_format, first->data + offset, length);
    info->backing_format[length] = '\0';
    return 0;
}

/* Extensions run from the header to `end`: the backing file's name, or the end of the cluster. */
static int parse_extensions(const struct first_cluster *first, uint64_t end, struct aq_qcow2_info *info,
                            struct aq_error *err)
{
    uint64_t offset = info->header_length;
    while (offset + 8 <= end) {
        uint32_t type = aq_be32(first->data + offset);
        uint32_t length = aq_be32(first->data + offset + 4);
        if (type == QCOW2_EXT_END)
            return 0;
        offset += 8;
        if (length > end - offset)
            return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                           "%s has a header extension of %" PRIu32 " bytes at %" PRIu64
                           " that does not fit into its header",
                           first->where, length, offset - 8);
        if (note_extension(first, type, offset, length, info, err) < 0)
            return -1;
        offset += (length + UINT64_C(7)) & ~UINT64_C(7);
    }
    return 0;
}

/* Reads the name and gives in *end where the extensions have to end. */
static int parse_backing_name(const struct first_cluster *first, struct aq_qcow2_info *info, uint64_t *end,
                              struct aq_error *err)
{
    uint64_t offset = aq_be64(first->data + QCOW2_AT_BACKING_OFFSET);
    uint32_t length = aq_be32(first->data + QCOW2_AT_BACKING_LENGTH);
    *end = first->length;
    if (offset == 0)
        return 0;
    if (offset < info->header_length || offset > first->length || length > first->length - offset ||
        length == 0 || length > AQ_QCOW2_NAME_MAX)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s has the name of its backing file (%" PRIu32 " bytes at %" PRIu64
                       ") outside of its header",
                       first->where, length, offset);
    memcpy(info->backing_file, first->data + offset, length);
    info->backing_file[length] = '\0';
    if (strlen(info->backing_file) != length)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT, "%s has a NUL in the name of its backing file", first->where);
    *end = offset;
    return 0;
}

static int parse(const struct first_cluster *first, struct aq_qcow2_info *info, struct aq_error *err)
{
    uint64_t end;
    if (info->version == 3 && parse_version_3(first, info, err) < 0)
        return -1;
    if (first->length < UINT64_C(1) << info->cluster_bits)
        return aq_fail(err, AQ_E_IMAGE_TRUNCATED,
                       "%s ends after %" PRIu64 " bytes, inside its first cluster of %u bytes", first->where,
                       first->length, 1U << info->cluster_bits);
    if (parse_backing_name(first, info, &end, err) < 0)
        return -1;
    return parse_extensions(first, end, info, err);
}

static int parse_start(int fd, const char *where, struct aq_qcow2_info *info, struct aq_error *err)
{
    uint8_t start[QCOW2_V2_HEADER] = {0};
    uint64_t there = info->file_size < sizeof start ? info->file_size : sizeof start;
    if (aq_qcow2_pread(fd, where, start, there, 0, err) < 0)
        return -1;
    if (there < 4 || aq_be32(start) != QCOW2_MAGIC)
        return aq_fail(err, AQ_E_IMAGE_NOT_QCOW2,
                       "%s is not a qcow2 image; convert it: qemu-img convert -O qcow2 …", where);
    if (there < sizeof start)
        return aq_fail(err, AQ_E_IMAGE_TRUNCATED, "%s ends inside its qcow2 header", where);
    parse_fixed_fields(start, info);
    if (info->version != 2 && info->version != 3)
        return aq_fail(err, AQ_E_IMAGE_NOT_QCOW2,
                       "%s is a qcow image of version %" PRIu32 "; versions 2 and 3 are known", where,
                       info->version);
    if (info->cluster_bits < QCOW2_MIN_CLUSTER_BITS || info->cluster_bits > QCOW2_MAX_CLUSTER_BITS)
        return aq_fail(err, AQ_E_IMAGE_SIZE,
                       "%s has clusters of 2^%" PRIu32 " bytes; 2^%d to 2^%d are possible", where,
                       info->cluster_bits, QCOW2_MIN_CLUSTER_BITS, QCOW2_MAX_CLUSTER_BITS);
    return 0;
}

int aq_qcow2_read(int fd, const char *where, struct aq_qcow2_info *info, struct aq_error *err)
{
    *info = (struct aq_qcow2_info){0};
    struct stat status;
    if (fstat(fd, &status) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", where);
    info->file_size = (uint64_t)status.st_size;
    if (parse_start(fd, where, info, err) < 0)
        return -1;

    uint64_t cluster = UINT64_C(1) << info->cluster_bits;
    uint64_t length = info->file_size < cluster ? info->file_size : cluster;
    aq_autofree uint8_t *data = aq_alloc(length);
    if (aq_qcow2_pread(fd, where, data, length, 0, err) < 0)
        return -1;
    struct first_cluster first = {.data = data, .length = length, .where = where};
    return parse(&first, info, err);
}
