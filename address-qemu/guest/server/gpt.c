/* SPDX-License-Identifier: MIT */
/*
 * GUID partition tables. There are two, one at each end of the disk; a disk that has grown has its second one
 * somewhere in the middle. The new second one is written first: whatever happens, one of the two is whole.
 */
#include "guest/server/partition.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/wire.h"

enum {
    AT_HEADER_SIZE = 12,
    AT_HEADER_CRC = 16,
    AT_OWN = 24,
    AT_OTHER = 32,
    AT_FIRST_USABLE = 40,
    AT_LAST_USABLE = 48,
    AT_ENTRIES = 72,
    AT_COUNT = 80,
    AT_ENTRY_SIZE = 84,
    AT_ENTRIES_CRC = 88,
    HEADER_MIN = 92,
    ENTRY_MIN = 128,
    AT_START = 32, /* in an entry */
    AT_END = 40,   /* inclusive */
    COUNT_MAX = 1024,
    SECTOR_MAX = 4096,
    ALIGNED = 2048, /* sectors */
};

struct gpt {
    int disk;
    uint64_t sectors;
    unsigned sector_size;
    unsigned char header[SECTOR_MAX];
    unsigned count, entry_size;
    size_t table_size; /* in whole sectors */
    unsigned char *table;
};

static bool read_at(const struct gpt *gpt, void *data, size_t length, uint64_t sector)
{
    return pread(gpt->disk, data, length, (off_t)(sector * gpt->sector_size)) == (ssize_t)length;
}

static bool write_at(const struct gpt *gpt, const void *data, size_t length, uint64_t sector)
{
    return pwrite(gpt->disk, data, length, (off_t)(sector * gpt->sector_size)) == (ssize_t)length;
}

/* The checksum is made with its own field zero. */
static uint32_t header_crc(const struct gpt *gpt)
{
    unsigned char copy[SECTOR_MAX];
    memcpy(copy, gpt->header, gpt->sector_size);
    aq_wire_put32(copy + AT_HEADER_CRC, 0);
    return aq_crc32(0, copy, aq_wire_get32(gpt->header + AT_HEADER_SIZE));
}

static bool header_is_sound(const struct gpt *gpt)
{
    uint32_t size = aq_wire_get32(gpt->header + AT_HEADER_SIZE);
    return memcmp(gpt->header, "EFI PART", 8) == 0 && size >= HEADER_MIN && size <= gpt->sector_size &&
           aq_wire_get32(gpt->header + AT_HEADER_CRC) == header_crc(gpt) &&
           aq_wire_get64(gpt->header + AT_OWN) == 1;
}

static bool read_table(struct gpt *gpt)
{
    gpt->count = aq_wire_get32(gpt->header + AT_COUNT);
    gpt->entry_size = aq_wire_get32(gpt->header + AT_ENTRY_SIZE);
    if (gpt->count == 0 || gpt->count > COUNT_MAX || gpt->entry_size < ENTRY_MIN ||
        gpt->entry_size > SECTOR_MAX)
        return false;
    size_t length = (size_t)gpt->count * gpt->entry_size;
    gpt->table_size = (length + gpt->sector_size - 1) / gpt->sector_size * gpt->sector_size;
    gpt->table = calloc(1, gpt->table_size);
    return gpt->table != NULL &&
           read_at(gpt, gpt->table, gpt->table_size, aq_wire_get64(gpt->header + AT_ENTRIES)) &&
           aq_crc32(0, gpt->table, length) == aq_wire_get32(gpt->header + AT_ENTRIES_CRC);
}

static unsigned char *entry_at(const struct gpt *gpt, unsigned index)
{
    return gpt->table + (size_t)index * gpt->entry_size;
}

static bool is_used(const unsigned char *entry)
{
    static const unsigned char none[16];
    return memcmp(entry, none, sizeof none) != 0;
}

/* The last sector that the partition may have. */
static uint64_t room_end(const struct gpt *gpt, unsigned index, uint64_t last_usable)
{
    uint64_t start = aq_wire_get64(entry_at(gpt, index) + AT_START), end = last_usable;
    for (unsigned i = 0; i < gpt->count; i++) {
        const unsigned char *other = entry_at(gpt, i);
        uint64_t from = aq_wire_get64(other + AT_START);
        if (i != index && is_used(other) && from > start && from - 1 < end)
            end = from - 1;
    }
    return end;
}

/* One of the two: a header at `own` that names the other one, and its entries at `entries`. */
static bool write_one(struct gpt *gpt, uint64_t own, uint64_t other, uint64_t entries)
{
    aq_wire_put64(gpt->header + AT_OWN, own);
    aq_wire_put64(gpt->header + AT_OTHER, other);
    aq_wire_put64(gpt->header + AT_ENTRIES, entries);
    aq_wire_put32(gpt->header + AT_ENTRIES_CRC,
                  aq_crc32(0, gpt->table, (size_t)gpt->count * gpt->entry_size));
    aq_wire_put32(gpt->header + AT_HEADER_CRC, header_crc(gpt));
    return write_at(gpt, gpt->table, gpt->table_size, entries) && fsync(gpt->disk) == 0 &&
           write_at(gpt, gpt->header, gpt->sector_size, own) && fsync(gpt->disk) == 0;
}

static int grow(struct gpt *gpt, unsigned number, struct aq_partition_growth *growth, const char **why)
{
    uint64_t entries = aq_wire_get64(gpt->header + AT_ENTRIES), table = gpt->table_size / gpt->sector_size;
    uint64_t last = gpt->sectors - 1, last_usable = last - table - 1;
    unsigned char *entry = number >= 1 && number <= gpt->count ? entry_at(gpt, number - 1) : NULL;
    *why = "the partition is not in the table";
    errno = EILSEQ;
    if (entry == NULL || !is_used(entry) || aq_wire_get64(entry + AT_END) > last_usable)
        return -1;
    uint64_t start = aq_wire_get64(entry + AT_START), old_end = aq_wire_get64(entry + AT_END);
    uint64_t end = room_end(gpt, number - 1, last_usable);
    end = (end + 1) / ALIGNED * ALIGNED - 1;
    *growth = (struct aq_partition_growth){start, old_end + 1 - start, old_end + 1 - start};
    if (end <= old_end)
        return 0;
    growth->new_length = end + 1 - start;
    aq_wire_put64(entry + AT_END, end);
    aq_wire_put64(gpt->header + AT_LAST_USABLE, last_usable);
    *why = "the partition table cannot be written";
    return write_one(gpt, last, 1, last - table) && write_one(gpt, 1, last, entries) ? 1 : -1;
}

int aq_gpt_grow(int disk, uint64_t sectors, unsigned sector_size, unsigned number,
                struct aq_partition_growth *growth, const char **why)
{
    struct gpt gpt = {.disk = disk, .sectors = sectors, .sector_size = sector_size};
    *why = "the GUID partition table is damaged";
    errno = EILSEQ;
    if (sector_size < 512 || sector_size > SECTOR_MAX || sectors < 68 ||
        !read_at(&gpt, gpt.header, sector_size, 1) || !header_is_sound(&gpt))
        return -1;
    errno = EILSEQ;
    int grown = read_table(&gpt) ? grow(&gpt, number, growth, why) : -1;
    int saved = errno;
    free(gpt.table);
    errno = saved;
    return grown;
}
