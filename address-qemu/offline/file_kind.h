/* SPDX-License-Identifier: MIT */
/* What a file of the guest is, in a word for messages. Plain C: the appliance's agent has it too. */
#ifndef AQ_OFFLINE_FILE_KIND_H
#define AQ_OFFLINE_FILE_KIND_H

#include <sys/stat.h>

/* "folder", "link", "fifo", "socket", "file" or "device". */
const char *aq_file_kind(mode_t mode);

#endif
