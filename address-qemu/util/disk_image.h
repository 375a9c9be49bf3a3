/* SPDX-License-Identifier: MIT */
/* One image file of a disk: what image/ finds out and qemu/ opens. */
#ifndef AQ_UTIL_DISK_IMAGE_H
#define AQ_UTIL_DISK_IMAGE_H

struct aq_disk_image {
    const char *path;   /* absolute */
    const char *format; /* "qcow2" or "raw", from our record, never from the file */
};

#endif
