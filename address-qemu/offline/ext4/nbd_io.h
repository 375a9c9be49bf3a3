/* SPDX-License-Identifier: MIT */
/*
 * libext2fs's input and output over a disk that is exported by NBD: an io_manager of ours behind libnbd. A
 * part of the disk is the file system. Pieces of 64 KiB, as large as the overlay's clusters, are kept in
 * memory; changed ones are written when they are flushed or room is needed.
 */
#ifndef AQ_OFFLINE_EXT4_NBD_IO_H
#define AQ_OFFLINE_EXT4_NBD_IO_H

#include <ext2fs.h>
#include <libnbd.h>
#include <stdint.h>

/* Sets the connection and the part (bytes) that the next ext2fs_open with aq_nbd_io uses; one at a time. */
void aq_nbd_io_use(struct nbd_handle *nbd, uint64_t offset, uint64_t length);

/* Writes what is changed, and forgets all that is kept: what is read next comes from the disk. */
errcode_t aq_nbd_io_drop(void);

extern const struct struct_io_manager aq_nbd_io;

#endif
