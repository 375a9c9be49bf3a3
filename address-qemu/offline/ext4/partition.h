/* SPDX-License-Identifier: MIT */
/* Where a partition lies on a disk, by its classic table or its GPT. */
#ifndef AQ_OFFLINE_EXT4_PARTITION_H
#define AQ_OFFLINE_EXT4_PARTITION_H

#include <libnbd.h>
#include <stdint.h>

/* In bytes; `number` 0 is the whole disk. 0, or -1: there is no such partition, or the table cannot be
   understood. Of a classic table only the four primary ones. */
int aq_partition_find(struct nbd_handle *nbd, unsigned number, uint64_t *offset, uint64_t *length);

#endif
