/* SPDX-License-Identifier: MIT */
/* Writes an initial RAM file system: cpio's "newc" format (Linux, Documentation/driver-api/early-userspace/
   buffer-format.rst). Everything in it belongs to root, whoever builds it. */
#ifndef AQ_IMAGE_BUILD_CPIO_H
#define AQ_IMAGE_BUILD_CPIO_H

#include <stddef.h>
#include <sys/types.h>

#include "util/memory.h"

/* Adds a folder (S_IFDIR | 0755, no data) or a file (S_IFREG | …); parents come before what is in them. */
void aq_cpio_add(struct aq_buffer *archive, const char *path, mode_t mode, const void *data, size_t length);

/* Ends the archive. */
void aq_cpio_end(struct aq_buffer *archive);

#endif
