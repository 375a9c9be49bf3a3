/* SPDX-License-Identifier: MIT */
#include "guest/server/partition.h"

#include <errno.h>
#include <unistd.h>

#include "guest/wire.h"

enum {
    ENTRIES = 4,
    AT_ENTRIES = 446,
    ENTRY_SIZE = 16,
    AT_TYPE = 4,
    AT_START = 8,
    AT_LENGTH = 12,
    AT_SIGNATURE = 510,
    TYPE_GPT = 0xee,
    SECTOR = 512, /* of which the table itself is */
};

struct entry {
    uint8_t type;
    uint64_t start, length;
};

static struct entry entry_at(const unsigned char *sector, unsigned index)
{
    const unsigned char *at = sector + AT_ENTRIES + (size_t)index * ENTRY_SIZE;
    return (struct entry){at[AT_TYPE], aq_wire_get32(at + AT_START), aq_wire_get32(at + AT_LENGTH)};
}

/* Where the room behind a partition ends: at the next one, or at the end of the disk, as far as the table can
 * say. */
static uint64_t room_end(const unsigned char *sector, unsigned index, uint64_t sectors)
{
    uint64_t end = sectors, start = entry_at(sector, index).start;
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct entry other = entry_at(sector, i);
        if (i != index && other.type != 0 && other.start > start && other.start < end)
            end = other.start;
    }
    return end - start > UINT32_MAX ? start + UINT32_MAX : end;
}

static int grow(int disk, unsigned char *sector, uint64_t sectors, unsigned index,
                struct aq_partition_growth *growth, const char **why)
{
    struct entry entry = entry_at(sector, index);
    if (entry.type == 0 || entry.start == 0 || entry.start >= sectors) {
        *why = "the partition is not in the table";
        errno = EILSEQ;
        return -1;
    }
    uint64_t length = room_end(sector, index, sectors) - entry.start;
    *growth = (struct aq_partition_growth){entry.start, entry.length, entry.length};
    if (length <= entry.length)
        return 0;
    growth->new_length = length;
    aq_wire_put32(sector + AT_ENTRIES + (size_t)index * ENTRY_SIZE + AT_LENGTH, (uint32_t)length);
    *why = "the partition table cannot be written";
    return pwrite(disk, sector, SECTOR, 0) == SECTOR && fsync(disk) == 0 ? 1 : -1;
}

/* The entry that protects a GUID partition table from programs which do not know those; ENTRIES: there is
 * none. */
static unsigned find_protection(const unsigned char *sector)
{
    unsigned i = 0;
    while (i < ENTRIES && entry_at(sector, i).type != TYPE_GPT)
        i++;
    return i;
}

/* It covers the whole disk, as far as it can. */
static int protect_all(int disk, unsigned char *sector, uint64_t sectors, unsigned index, const char **why)
{
    uint64_t length = sectors - entry_at(sector, index).start;
    aq_wire_put32(sector + AT_ENTRIES + (size_t)index * ENTRY_SIZE + AT_LENGTH,
                  length > UINT32_MAX ? UINT32_MAX : (uint32_t)length);
    *why = "the partition table cannot be written";
    return pwrite(disk, sector, SECTOR, 0) == SECTOR && fsync(disk) == 0 ? 1 : -1;
}

int aq_partition_grow(int disk, uint64_t sectors, unsigned sector_size, unsigned number,
                      struct aq_partition_growth *growth, const char **why)
{
    unsigned char sector[SECTOR];
    *why = "the partition table cannot be read";
    if (pread(disk, sector, sizeof sector, 0) != (ssize_t)sizeof sector)
        return -1;
    if (sector[AT_SIGNATURE] != 0x55 || sector[AT_SIGNATURE + 1] != 0xaa) {
        *why = "the disk has a partition table of an unknown kind";
        errno = ENOTSUP;
        return -1;
    }
    unsigned protection = find_protection(sector);
    if (protection < ENTRIES) {
        int grown = aq_gpt_grow(disk, sectors, sector_size, number, growth, why);
        return grown > 0 ? protect_all(disk, sector, sectors, protection, why) : grown;
    }
    if (number == 0 || number > ENTRIES) {
        *why = "it is a logical partition, inside an extended one";
        errno = ENOTSUP;
        return -1;
    }
    return grow(disk, sector, sectors, number - 1, growth, why);
}
