/* SPDX-License-Identifier: MIT */
/* Reading a bundle (bundle_format.h). Plain C, nothing but the C library: the appliance's agent has it too.
 */
#ifndef AQ_OFFLINE_BUNDLE_READ_H
#define AQ_OFFLINE_BUNDLE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "offline/bundle_format.h"

/* One item; the texts are NUL-terminated, and "" where there is none. */
struct aq_bundle_item {
    enum aq_bundle_kind kind;
    bool recursive;
    bool mode_set;
    bool owner_set;
    mode_t mode;
    uint32_t since; /* 0: in any case */
    uint64_t size;
    char path[AQ_BUNDLE_TEXT_MAX + 1];
    char target[AQ_BUNDLE_TEXT_MAX + 1];
    char owner[AQ_BUNDLE_TEXT_MAX + 1];
    char group[AQ_BUNDLE_TEXT_MAX + 1];
};

struct aq_bundle_reader {
    int fd;              /* read from its present position */
    uint64_t count;      /* items in all */
    uint64_t next;       /* index of the next item */
    uint64_t bytes_left; /* of the present item's content */
};

/* Reads the head: 0, or -1 with errno (EBADMSG: this is no bundle). */
int aq_bundle_start(struct aq_bundle_reader *reader, int fd);

/* The next item; what was not read of the last one's content is passed over. 1, 0 at the end, -1 with errno.
 */
int aq_bundle_next(struct aq_bundle_reader *reader, struct aq_bundle_item *item);

/* Up to `size` bytes of the item's content: how many, 0 at its end, -1 with errno. */
ssize_t aq_bundle_read(struct aq_bundle_reader *reader, void *buffer, size_t size);

#endif
