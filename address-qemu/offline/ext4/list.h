/* SPDX-License-Identifier: MIT */
/* All names of a file system on standard output, in the format of offline/list.h. */
#ifndef AQ_OFFLINE_EXT4_LIST_H
#define AQ_OFFLINE_EXT4_LIST_H

#include "offline/ext4/writer.h"

/* 0, or -1 after saying what cannot be read. */
int aq_writer_list(struct aq_writer *writer);

#endif
