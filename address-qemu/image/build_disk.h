/* SPDX-License-Identifier: MIT */
/* From a tree, a kernel and an initrd to a disk that boots. */
#ifndef AQ_IMAGE_BUILD_DISK_H
#define AQ_IMAGE_BUILD_DISK_H

#include "image/build_job.h"
#include "image/build_layout.h"

/* Makes AQ_JOB_DISK out of the tree, AQ_JOB_KERNEL and AQ_JOB_INITRD, and writes it as qcow2 to `output`.
   LIMIT_EXCEEDED when the contents do not fit. */
int aq_build_disk(const struct aq_build_job *job, uint64_t size, const char *output, struct aq_error *err);

#endif
