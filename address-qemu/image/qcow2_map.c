/* SPDX-License-Identifier: MIT */
/* Where an image keeps a part of the disk, and whether it does at all. */
#include <string.h>

#include "image/endian.h"
#include "image/qcow2.h"
#include "image/qcow2_format.h"
#include "util/memory.h"

/* How an image's two levels of tables divide the disk: an L2 table is a cluster of entries, of which each is
   for a cluster of the disk. */
struct map {
    int fd;
    const struct aq_qcow2_info *info;
    const char *where;
    unsigned entry_size;
    uint64_t cluster; /* bytes */
    uint64_t covered; /* bytes of the disk that an L2 table is for */
};

static struct map map_of(int fd, const struct aq_qcow2_info *info, const char *where)
{
    uint64_t cluster = UINT64_C(1) << info->cluster_bits;
    unsigned entry_size = (info->incompatible & AQ_QCOW2_EXTENDED_L2) != 0 ? 16 : 8;
    return (struct map){.fd = fd,
                        .info = info,
                        .where = where,
                        .entry_size = entry_size,
                        .cluster = cluster,
                        .covered = cluster / entry_size * cluster};
}

/* The offset of the L2 table for that place of the disk; 0: there is none. */
static int find_table(const struct map *map, uint64_t at, uint64_t *table, struct aq_error *err)
{
    uint8_t entry[8];
    uint64_t index = at / map->covered;
    *table = 0;
    if (index >= map->info->l1_entries)
        return 0;
    if (aq_qcow2_pread(map->fd, map->where, entry, sizeof entry, map->info->l1_offset + index * 8, err) < 0)
        return -1;
    *table = aq_be64(entry) & QCOW2_OFFSET_MASK;
    return 0;
}

/* Are all entries of one L2 table for [from, to) zero? */
static int table_is_below(const struct map *map, uint64_t from, uint64_t to, struct aq_error *err)
{
    uint64_t table;
    if (find_table(map, from, &table, err) < 0)
        return -1;
    if (table == 0)
        return 1;
    uint64_t first = from % map->covered / map->cluster * map->entry_size;
    uint64_t end = ((to - 1) % map->covered / map->cluster + 1) * map->entry_size;
    size_t length = (size_t)(end - first);
    aq_autofree uint8_t *entries = aq_alloc(length);
    if (aq_qcow2_pread(map->fd, map->where, entries, length, table + first, err) < 0)
        return -1;
    for (size_t i = 0; i < length; i++)
        if (entries[i] != 0)
            return 0;
    return 1;
}

int aq_qcow2_is_below(int fd, const struct aq_qcow2_info *info, const char *where, uint64_t from, uint64_t to,
                      struct aq_error *err)
{
    const struct map map = map_of(fd, info, where);
    while (from < to) {
        uint64_t next = (from / map.covered + 1) * map.covered;
        int below = table_is_below(&map, from, next < to ? next : to, err);
        if (below <= 0)
            return below;
        from = next;
    }
    return 1;
}

int aq_qcow2_read_written(int fd, const struct aq_qcow2_info *info, const char *where, uint64_t at,
                          void *data, size_t length, struct aq_error *err)
{
    const struct map map = map_of(fd, info, where);
    uint64_t table, index = at % map.covered / map.cluster, inside = at % map.cluster;
    uint8_t bytes[8];
    int below = aq_qcow2_is_below(fd, info, where, at, at + 1, err);
    if (below != 0)
        return below < 0 ? -1 : AQ_QCOW2_BELOW;
    if (map.entry_size != sizeof bytes || inside + length > map.cluster)
        return AQ_QCOW2_OTHERWISE;
    if (find_table(&map, at, &table, err) < 0 ||
        aq_qcow2_pread(fd, where, bytes, sizeof bytes, table + index * sizeof bytes, err) < 0)
        return -1;
    uint64_t entry = aq_be64(bytes);
    if ((entry & (QCOW2_COMPRESSED | QCOW2_ZERO)) != 0)
        return AQ_QCOW2_OTHERWISE;
    return aq_qcow2_pread(fd, where, data, length, (entry & QCOW2_OFFSET_MASK) + inside, err) < 0
               ? -1
               : AQ_QCOW2_HERE;
}
