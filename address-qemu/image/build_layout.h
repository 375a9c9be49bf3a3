/* SPDX-License-Identifier: MIT */
/*
 * How a disk is laid out: a partition table with syslinux's boot code, a FAT partition with the kernel at 1
 * MiB, and the root file system from there to the end, so that it can grow when the disk does.
 */
#ifndef AQ_IMAGE_BUILD_LAYOUT_H
#define AQ_IMAGE_BUILD_LAYOUT_H

#include <stdint.h>

#include "util/error.h"

#define AQ_SECTOR 512u
#define AQ_BOOT_CODE 440u /* bytes of the first sector before the disk's signature */

/* The table of partitions in that sector, one of its four entries, and its end. */
#define AQ_TABLE 446u
#define AQ_TABLE_ENTRY 16u
#define AQ_TABLE_END 510u

/* A partition table of this kind counts sectors in 32 bits. */
#define AQ_DISK_SIZE_MAX ((uint64_t)2 << 40)

/* In sectors. */
struct aq_disk_layout {
    uint64_t disk;
    uint32_t boot_start, boot_size; /* FAT */
    uint32_t root_start, root_size; /* ext4 */
};

/* Lays out a disk of `size` bytes whose boot partition has to hold `boot_bytes`. LIMIT_EXCEEDED when it is
   larger than the table can say or leaves no room for a root file system. */
int aq_disk_layout(uint64_t size, uint64_t boot_bytes, struct aq_disk_layout *layout, struct aq_error *err);

/* Writes the first sector: boot code, the disk's signature and the two partitions. (The classic table: 16
   bytes each from 446, little-endian sectors, 0x55AA at the end.) */
void aq_disk_first_sector(const struct aq_disk_layout *layout, const uint8_t boot_code[AQ_BOOT_CODE],
                          uint32_t signature, uint8_t sector[AQ_SECTOR]);

#endif
