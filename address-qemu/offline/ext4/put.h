/* SPDX-License-Identifier: MIT */
#ifndef AQ_OFFLINE_EXT4_PUT_H
#define AQ_OFFLINE_EXT4_PUT_H

#include "offline/ext4/writer.h"

/* FILE and APPEND. */
int aq_writer_put(struct aq_writer *writer);
int aq_writer_append(struct aq_writer *writer);

/* Makes an empty file; for what has no content in the bundle too. */
int aq_writer_make_file(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t *number);

#endif
