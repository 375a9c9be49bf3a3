/* SPDX-License-Identifier: MIT */
/*
 * Partition tables, read and written natively: a guest may have none of the tools, and each of them asks
 * something. (The classic table: the first sector, four entries of 16 bytes from 446 on. GUID partition
 * tables: UEFI Specification, 5.3.) Only growing is done: nothing of a partition moves, and no other one is
 * touched.
 */
#ifndef AQ_GUEST_SERVER_PARTITION_H
#define AQ_GUEST_SERVER_PARTITION_H

#include <stdint.h>

/* A partition that grows, in sectors. */
struct aq_partition_growth {
    uint64_t start, old_length, new_length;
};

/* Gives partition `number` (from 1) of an open disk all the free room behind it: 1 done and on the disk, 0
   there is no more, -1 with errno and *why. ENOTSUP for logical partitions and tables of other kinds, EILSEQ
   for a damaged one. */
int aq_partition_grow(int disk, uint64_t sectors, unsigned sector_size, unsigned number,
                      struct aq_partition_growth *growth, const char **why);

/* The same for a GUID partition table, for partition.c. */
int aq_gpt_grow(int disk, uint64_t sectors, unsigned sector_size, unsigned number,
                struct aq_partition_growth *growth, const char **why);

#endif
