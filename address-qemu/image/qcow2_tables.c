/* SPDX-License-Identifier: MIT */
/*
 * Where the tables point. A file that was not copied whole nearly always has its header and L1 table, which
 * are at its start; only the L2 tables show that the data is missing.
 */
#include "image/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "image/endian.h"
#include "image/qcow2_format.h"
#include "util/memory.h"
#include "util/wait.h"

struct walk {
    int fd;
    const struct aq_qcow2_info *info;
    const char *where;
    uint64_t tables_left; /* more L2 tables than the file has clusters are a trap for whoever follows them */
    uint8_t *l2;          /* one cluster */
    bool written;         /* an entry that is not zero was seen */
};

/* A cluster has to start where one can, inside the file. The last one may be cut short, as QEMU leaves it. */
static int check_cluster(const struct walk *walk, const char *what, uint64_t offset, struct aq_error *err)
{
    if (offset % (UINT64_C(1) << walk->info->cluster_bits) != 0)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT,
                       "%s has %s at %" PRIu64 ", which is not where a cluster starts", walk->where, what,
                       offset);
    return aq_qcow2_judge_table(walk->info, what, offset, 1, walk->where, err);
}

static int check_compressed(const struct walk *walk, uint64_t entry, struct aq_error *err)
{
    unsigned offset_bits = 62 - (walk->info->cluster_bits - 8);
    uint64_t offset = entry & ((UINT64_C(1) << offset_bits) - 1);
    if (offset >= walk->info->file_size)
        return aq_fail(err, AQ_E_IMAGE_TRUNCATED,
                       "%s ends after %" PRIu64 " bytes, before a compressed cluster at %" PRIu64
                       "; it was not copied whole",
                       walk->where, walk->info->file_size, offset);
    return 0;
}

/* `subclusters` is the second half of an extended entry. A cluster that reads as zeros may have a place kept
   for it that the file does not reach. */
static int check_l2_entry(const struct walk *walk, uint64_t entry, uint64_t subclusters, struct aq_error *err)
{
    if ((entry & QCOW2_COMPRESSED) != 0)
        return check_compressed(walk, entry, err);
    bool extended = (walk->info->incompatible & AQ_QCOW2_EXTENDED_L2) != 0;
    bool data = extended ? (uint32_t)subclusters != 0 : (entry & QCOW2_ZERO) == 0;
    uint64_t offset = entry & QCOW2_OFFSET_MASK;
    return offset == 0 || !data ? 0 : check_cluster(walk, "a data cluster", offset, err);
}

static int check_l2_table(const struct walk *walk, uint64_t offset, struct aq_error *err)
{
    uint64_t length = UINT64_C(1) << walk->info->cluster_bits;
    if (length > walk->info->file_size - offset)
        length = walk->info->file_size - offset;
    if (aq_qcow2_pread(walk->fd, walk->where, walk->l2, length, offset, err) < 0)
        return -1;
    size_t step = (walk->info->incompatible & AQ_QCOW2_EXTENDED_L2) != 0 ? 16 : 8;
    for (size_t at = 0; at + step <= length; at += step) {
        uint64_t entry = aq_be64(walk->l2 + at);
        if (entry != 0 && check_l2_entry(walk, entry, aq_be64(walk->l2 + at + step - 8), err) < 0)
            return -1;
    }
    return 0;
}

static int check_l1_entry(struct walk *walk, uint64_t entry, struct aq_error *err)
{
    uint64_t offset = entry & QCOW2_OFFSET_MASK;
    if (offset == 0)
        return 0;
    if (aq_must_end())
        return aq_fail(err, AQ_E_INTERRUPTED, "interrupted while judging %s", walk->where);
    if (check_cluster(walk, "an L2 table", offset, err) < 0)
        return -1;
    if (walk->tables_left-- == 0)
        return aq_fail(err, AQ_E_IMAGE_CORRUPT, "%s has more L2 tables than it has clusters", walk->where);
    return check_l2_table(walk, offset, err);
}

static int check_refcount_entry(struct walk *walk, uint64_t entry, struct aq_error *err)
{
    uint64_t offset = entry & QCOW2_REFCOUNT_OFFSET_MASK;
    return offset == 0 ? 0 : check_cluster(walk, "a refcount block", offset, err);
}

/* Calls `check` with each entry of a table that was judged to lie inside the file. */
static int check_each(struct walk *walk, uint64_t offset, uint64_t entries,
                      int (*check)(struct walk *, uint64_t, struct aq_error *), struct aq_error *err)
{
    uint8_t chunk[4096];
    for (uint64_t done = 0; done < entries;) {
        uint64_t count = entries - done < sizeof chunk / 8 ? entries - done : sizeof chunk / 8;
        if (aq_qcow2_pread(walk->fd, walk->where, chunk, count * 8, offset + done * 8, err) < 0)
            return -1;
        for (size_t i = 0; i < count; i++)
            if (check(walk, aq_be64(chunk + i * 8), err) < 0)
                return -1;
        done += count;
    }
    return 0;
}

int aq_qcow2_check_tables(int fd, const struct aq_qcow2_info *info, const char *where, struct aq_error *err)
{
    aq_autofree uint8_t *l2 = aq_alloc(UINT64_C(1) << info->cluster_bits);
    struct walk walk = {.fd = fd,
                        .info = info,
                        .where = where,
                        .tables_left = info->file_size >> info->cluster_bits,
                        .l2 = l2};
    uint64_t refcount_entries = ((uint64_t)info->refcount_clusters << info->cluster_bits) / 8;
    if (check_each(&walk, info->refcount_offset, refcount_entries, check_refcount_entry, err) < 0)
        return -1;
    return check_each(&walk, info->l1_offset, aq_qcow2_l1_needed(info), check_l1_entry, err);
}

static int check_zero(struct walk *walk, uint64_t entry, struct aq_error *err)
{
    (void)err;
    walk->written |= entry != 0;
    return 0;
}

int aq_qcow2_is_empty(int fd, const struct aq_qcow2_info *info, const char *where, struct aq_error *err)
{
    struct walk walk = {.fd = fd, .info = info, .where = where};
    if (check_each(&walk, info->l1_offset, info->l1_entries, check_zero, err) < 0)
        return -1;
    return !walk.written;
}
