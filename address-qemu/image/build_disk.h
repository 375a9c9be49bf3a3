/* SPDX-License-Identifier: MIT */
/* From a tree, a kernel and an initrd to a disk that boots. */
#ifndef AQ_IMAGE_BUILD_DISK_H
#define AQ_IMAGE_BUILD_DISK_H

#include "image/build_job.h"
#include "image/build_layout.h"

/* Makes AQ_JOB_DISK out of the tree, AQ_JOB_KERNEL and AQ_JOB_INITRD, and writes it as qcow2 to `output`;
 *layout is how it is laid out. LIMIT_EXCEEDED when the contents do not fit. */
int aq_build_disk(const struct aq_build_job *job, uint64_t size, const char *output,
                  struct aq_disk_layout *layout, struct aq_error *err);

/* The kernel's command line in the boot loader's configuration. free() it. */
char *aq_build_append(void);

#endif
