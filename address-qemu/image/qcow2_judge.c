/* SPDX-License-Identifier: MIT */
#include "image/qcow2.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "image/qcow2_format.h"
#include "util/size.h"

/* A name out of the image for a message: short, and without anything that a terminal would obey. */
static const char *printable(const char *name, char text[128])
{
    size_t i;
    for (i = 0; name[i] != '\0' && i < 124; i++)
        text[i] = isprint((unsigned char)name[i]) ? name[i] : '?';
    memcpy(text + i, "...", 3);
    text[name[i] != '\0' ? i + 3 : i] = '\0';
    return text;
}

uint64_t aq_qcow2_l1_needed(const struct aq_qcow2_info *info)
{
    unsigned entry_bits = (info->incompatible & AQ_QCOW2_EXTENDED_L2) != 0 ? 4 : 3;
    unsigned covered_bits = info->cluster_bits + (info->cluster_bits - entry_bits);
    uint64_t covered = UINT64_C(1) << covered_bits;
    return info->virtual_size / covered + (info->virtual_size % covered != 0);
}

int aq_qcow2_judge_table(const struct aq_qcow2_info *info, const char *what, uint64_t offset, uint64_t length,
                         const char *where, struct aq_error *err)
{
    uint64_t cluster = UINT64_C(1) << info->cluster_bits;
    if (offset % cluster != 0 || offset < cluster)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s has its %s at %" PRIu64 ", which is not where a cluster after the header starts",
                       where, what, offset);
    if (offset > info->file_size || length > info->file_size - offset)
        return aq_fail(err, AQ_E_IMAGE_TRUNCATED,
                       "%s ends after %" PRIu64 " bytes, before its %s (%" PRIu64 " bytes at %" PRIu64
                       "); it was not copied whole",
                       where, info->file_size, what, length, offset);
    return 0;
}

static int judge_compression(const struct aq_qcow2_info *info, const char *where, struct aq_error *err)
{
    bool marked = (info->incompatible & AQ_QCOW2_COMPRESSION) != 0;
    if (marked != (info->compression != 0))
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s contradicts itself about its compression (type %u, feature bit %d)", where,
                       info->compression, marked);
    if (info->compression > 1)
        return aq_fail(err, AQ_E_IMAGE_FEATURE, "%s is compressed by the unknown method %u", where,
                       info->compression);
    return 0;
}

static int judge_features(const struct aq_qcow2_info *info, const char *where, struct aq_error *err)
{
    const uint64_t known =
        AQ_QCOW2_DIRTY | AQ_QCOW2_CORRUPT | AQ_QCOW2_DATA_FILE | AQ_QCOW2_COMPRESSION | AQ_QCOW2_EXTENDED_L2;
    if ((info->incompatible & ~known) != 0)
        return aq_fail(err, AQ_E_IMAGE_FEATURE,
                       "%s needs qcow2 features that are not known here (bits 0x%" PRIx64 ")", where,
                       info->incompatible & ~known);
    if ((info->incompatible & AQ_QCOW2_CORRUPT) != 0)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s is marked corrupt; try qemu-img check -r all on a copy of it", where);
    if ((info->incompatible & AQ_QCOW2_DIRTY) != 0)
        return aq_fail(err, AQ_E_IMAGE_IN_USE,
                       "%s is open elsewhere or was not closed cleanly; stop what uses it, or mend it: "
                       "qemu-img check -r all",
                       where);
    if ((info->incompatible & AQ_QCOW2_EXTENDED_L2) != 0 && info->cluster_bits < QCOW2_MIN_EXTENDED_L2_BITS)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT, "%s has subclusters in clusters that are too small for them",
                       where);
    return judge_compression(info, where, err);
}

int aq_qcow2_judge_references(const struct aq_qcow2_info *info, const char *backing, const char *where,
                              struct aq_error *err)
{
    char name[128];
    if ((info->incompatible & AQ_QCOW2_DATA_FILE) != 0 || info->names_data_file)
        return aq_fail(err, AQ_E_IMAGE_DATA_FILE,
                       "%s keeps its data in another file; convert it to one that stands alone: "
                       "qemu-img convert -O qcow2 …",
                       where);
    if (info->crypt_method != 0)
        return aq_fail(err, AQ_E_IMAGE_ENCRYPTED, "%s is encrypted (%s); convert it to a plain one", where,
                       info->crypt_method == 1   ? "AES"
                       : info->crypt_method == 2 ? "LUKS"
                                                 : "by an unknown method");
    if (strcmp(info->backing_file, backing != NULL ? backing : "") != 0)
        return aq_fail(err, AQ_E_IMAGE_BACKING_FILE,
                       "%s has the backing file %s where %s is allowed; convert it to one that stands alone: "
                       "qemu-img convert -O qcow2 …",
                       where, info->backing_file[0] != '\0' ? printable(info->backing_file, name) : "(none)",
                       backing != NULL ? backing : "none");
    if (backing != NULL && strcmp(info->backing_format, "qcow2") != 0)
        return aq_fail(err, AQ_E_IMAGE_BACKING_FILE,
                       "%s says that its backing file's format is \"%s\"; it is qcow2", where,
                       printable(info->backing_format, name));
    return 0;
}

static int judge_sizes(const struct aq_qcow2_info *info, const char *where, struct aq_error *err)
{
    char size[AQ_SIZE_TEXT];
    uint64_t l1_length = (uint64_t)info->l1_entries * 8;
    uint64_t refcount_length = (uint64_t)info->refcount_clusters << info->cluster_bits;
    if (info->virtual_size == 0 || info->virtual_size > AQ_QCOW2_SIZE_MAX)
        return aq_fail(err, AQ_E_IMAGE_SIZE,
                       "%s holds a disk of %" PRIu64 " bytes (%s); from 1 byte to 64T is possible", where,
                       info->virtual_size, aq_size_text(info->virtual_size, size));
    if (l1_length > QCOW2_MAX_L1)
        return aq_fail(err, AQ_E_IMAGE_SIZE, "%s has an L1 table of %" PRIu64 " bytes; 32M is the most",
                       where, l1_length);
    if (refcount_length > QCOW2_MAX_REFCOUNT_TABLE)
        return aq_fail(err, AQ_E_IMAGE_SIZE, "%s has a refcount table of %" PRIu64 " bytes; 8M is the most",
                       where, refcount_length);
    if (info->l1_entries < aq_qcow2_l1_needed(info))
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s has an L1 table of %" PRIu32 " entries; its disk of %s needs %" PRIu64, where,
                       info->l1_entries, aq_size_text(info->virtual_size, size), aq_qcow2_l1_needed(info));
    if (info->refcount_clusters == 0 || info->refcount_order > QCOW2_MAX_REFCOUNT_ORDER)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s has a refcount table of %" PRIu32 " clusters and order %" PRIu32
                       ", which is not possible",
                       where, info->refcount_clusters, info->refcount_order);
    return 0;
}

int aq_qcow2_judge_snapshots(const struct aq_qcow2_info *info, const char *where, struct aq_error *err)
{
    if (info->snapshot_count > QCOW2_MAX_SNAPSHOTS)
        return aq_fail(err, AQ_E_IMAGE_SIZE, "%s has %" PRIu32 " snapshots; %d is the most", where,
                       info->snapshot_count, QCOW2_MAX_SNAPSHOTS);
    if (info->snapshot_count == 0)
        return 0;
    return aq_qcow2_judge_table(info, "snapshot table", info->snapshots_offset,
                                (uint64_t)info->snapshot_count * QCOW2_SNAPSHOT_HEADER, where, err);
}

static int judge_bounds(const struct aq_qcow2_info *info, const char *where, struct aq_error *err)
{
    if (aq_qcow2_judge_table(info, "refcount table", info->refcount_offset,
                             (uint64_t)info->refcount_clusters << info->cluster_bits, where, err) < 0)
        return -1;
    if (aq_qcow2_judge_table(info, "L1 table", info->l1_offset, (uint64_t)info->l1_entries * 8, where, err) <
        0)
        return -1;
    return aq_qcow2_judge_snapshots(info, where, err);
}

int aq_qcow2_judge(const struct aq_qcow2_info *info, const char *backing, const char *where,
                   struct aq_error *err)
{
    if (judge_features(info, where, err) < 0 || aq_qcow2_judge_references(info, backing, where, err) < 0 ||
        judge_sizes(info, where, err) < 0)
        return -1;
    return judge_bounds(info, where, err);
}
