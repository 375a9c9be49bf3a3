/* SPDX-License-Identifier: MIT */
#include "image/build_layout.h"

#include <string.h>

#include "util/size.h"

#define MIB ((uint64_t)1 << 20)
#define SECTORS_PER_MIB 2048u

/* What FAT16, its folders and the boot loader's own file take beside the contents. */
#define BOOT_SLACK (2 * MIB)
#define BOOT_MIN (16 * MIB)
#define BOOT_STEP (4 * MIB)
#define BOOT_MAX (1024 * MIB) /* FAT16 ends at 2 GiB; no kernel is near it */

#define ROOT_MIN (16 * MIB)

enum { TYPE_FAT16_LBA = 0x0e, TYPE_LINUX = 0x83, ACTIVE = 0x80 };

static uint64_t boot_size(uint64_t contents)
{
    uint64_t size = contents + BOOT_SLACK;
    if (size < BOOT_MIN)
        size = BOOT_MIN;
    return (size + BOOT_STEP - 1) / BOOT_STEP * BOOT_STEP;
}

int aq_disk_layout(uint64_t size, uint64_t boot_bytes, struct aq_disk_layout *layout, struct aq_error *err)
{
    char text[AQ_SIZE_TEXT];
    if (size > AQ_DISK_SIZE_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED,
                       "a disk of %s is too large: 2 TiB is the most that it can have",
                       aq_size_text(size, text));
    if (boot_bytes > BOOT_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "kernel and initrd of %s are too large to boot from",
                       aq_size_text(boot_bytes, text));
    uint64_t boot = boot_size(boot_bytes);
    uint64_t mebibytes = size / MIB;
    if (mebibytes * MIB < MIB + boot + ROOT_MIN)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED,
                       "a disk of %s is too small: give a larger size=", aq_size_text(size, text));
    layout->disk = mebibytes * SECTORS_PER_MIB;
    layout->boot_start = SECTORS_PER_MIB;
    layout->boot_size = (uint32_t)(boot / AQ_SECTOR);
    layout->root_start = layout->boot_start + layout->boot_size;
    layout->root_size = (uint32_t)(layout->disk - layout->root_start);
    return 0;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* Cylinders and heads are out of range for such disks; this is how a table says so. */
static void put_partition(uint8_t *entry, uint8_t active, uint8_t type, uint32_t start, uint32_t size)
{
    static const uint8_t beyond[3] = {0xfe, 0xff, 0xff};
    entry[0] = active;
    memcpy(entry + 1, beyond, sizeof beyond);
    entry[4] = type;
    memcpy(entry + 5, beyond, sizeof beyond);
    put32(entry + 8, start);
    put32(entry + 12, size);
}

void aq_disk_first_sector(const struct aq_disk_layout *layout, const uint8_t boot_code[AQ_BOOT_CODE],
                          uint32_t signature, uint8_t sector[AQ_SECTOR])
{
    memset(sector, 0, AQ_SECTOR);
    memcpy(sector, boot_code, AQ_BOOT_CODE);
    put32(sector + AQ_BOOT_CODE, signature);
    put_partition(sector + AQ_TABLE, ACTIVE, TYPE_FAT16_LBA, layout->boot_start, layout->boot_size);
    put_partition(sector + AQ_TABLE + AQ_TABLE_ENTRY, 0, TYPE_LINUX, layout->root_start, layout->root_size);
    sector[AQ_TABLE_END] = 0x55;
    sector[AQ_TABLE_END + 1] = 0xaa;
}
