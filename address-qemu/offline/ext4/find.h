/* SPDX-License-Identifier: MIT */
/*
 * Finding the root file system without an inspection, where that is simple: one partition of the disk (or all
 * of it) is an ext4 that holds an operating system, and its fstab mounts nothing else of the disk's. Whatever
 * is less simple is left to libguestfs.
 */
#ifndef AQ_OFFLINE_EXT4_FIND_H
#define AQ_OFFLINE_EXT4_FIND_H

#include <libnbd.h>

#include "offline/ext4/writer.h"

/* Prints the partition's number (0: the whole disk) on standard output. 0, or -1 after saying why not. */
int aq_writer_find(struct aq_writer *writer, struct nbd_handle *nbd);

#endif
