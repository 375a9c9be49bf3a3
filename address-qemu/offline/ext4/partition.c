/* SPDX-License-Identifier: MIT */
#include "offline/ext4/partition.h"

#include <string.h>

#include "image/endian.h"

#define SECTOR UINT64_C(512)
#define TABLE 446
#define ENTRY 16
#define PROTECTIVE 0xee
#define GPT_ENTRY_MIN 128u
#define GPT_ENTRY_MAX 4096u

static int take(uint64_t disk, uint64_t first, uint64_t count, uint64_t *offset, uint64_t *length)
{
    if (first == 0 || count == 0 || first > disk / SECTOR || count > disk / SECTOR - first)
        return -1;
    *offset = first * SECTOR;
    *length = count * SECTOR;
    return 0;
}

/* (UEFI specification, "GUID Partition Table": the header in sector 1, little-endian.) */
static int find_gpt(struct nbd_handle *nbd, uint64_t disk, unsigned number, uint64_t *offset,
                    uint64_t *length)
{
    uint8_t header[SECTOR], entry[GPT_ENTRY_MIN];
    if (nbd_pread(nbd, header, sizeof header, SECTOR, 0) < 0 || memcmp(header, "EFI PART", 8) != 0)
        return -1;
    uint64_t table = aq_le64(header + 72);
    uint32_t count = aq_le32(header + 80), size = aq_le32(header + 84);
    if (number > count || size < GPT_ENTRY_MIN || size > GPT_ENTRY_MAX || table > disk / SECTOR ||
        table * SECTOR + (uint64_t)number * size > disk ||
        nbd_pread(nbd, entry, sizeof entry, table * SECTOR + (uint64_t)(number - 1) * size, 0) < 0)
        return -1;
    uint64_t first = aq_le64(entry + 32), last = aq_le64(entry + 40);
    return last < first ? -1 : take(disk, first, last - first + 1, offset, length);
}

int aq_partition_find(struct nbd_handle *nbd, unsigned number, uint64_t *offset, uint64_t *length)
{
    uint8_t sector[SECTOR];
    uint64_t disk = (uint64_t)nbd_get_size(nbd);
    *offset = 0;
    *length = disk;
    if (number == 0)
        return 0;
    if (disk < 2 * SECTOR || nbd_pread(nbd, sector, sizeof sector, 0, 0) < 0 || sector[510] != 0x55 ||
        sector[511] != 0xaa)
        return -1;
    if (sector[TABLE + 4] == PROTECTIVE)
        return find_gpt(nbd, disk, number, offset, length);
    if (number > 4)
        return -1;
    const uint8_t *entry = sector + TABLE + (size_t)(number - 1) * ENTRY;
    return take(disk, aq_le32(entry + 8), aq_le32(entry + 12), offset, length);
}
