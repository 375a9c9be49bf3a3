/* SPDX-License-Identifier: MIT */
/* The checksum of POSIX's cksum, which every guest has (coreutils, busybox): for transfers that only a shell
   can check. (Source: POSIX.1-2017, cksum.) */
#ifndef AQ_GUEST_CKSUM_H
#define AQ_GUEST_CKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct aq_cksum {
    uint32_t crc;
    uint64_t length;
};

void aq_cksum_add(struct aq_cksum *sum, const void *data, size_t length);
uint32_t aq_cksum_value(const struct aq_cksum *sum);

#endif
