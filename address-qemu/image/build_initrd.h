/* SPDX-License-Identifier: MIT */
/* The first file system of a boot: busybox, the modules that the disk and the ports need, and one script. A
   fraction of what initramfs-tools makes, and two seconds faster without KVM. */
#ifndef AQ_IMAGE_BUILD_INITRD_H
#define AQ_IMAGE_BUILD_INITRD_H

#include "image/build_modules.h"

/* Writes AQ_JOB_INITRD into the work folder; busybox is the tree's. */
int aq_build_initrd(const struct aq_build_job *job, const struct aq_modules *modules, struct aq_error *err);

#endif
