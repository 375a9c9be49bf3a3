/* SPDX-License-Identifier: MIT */
/*
 * What a file system checker would look at after a file system was written: that every block belongs to one
 * thing at most, that the maps of blocks and inodes say what is in use, and that every inode has as many
 * names as it says. libext2fs verifies the checksums on the way.
 */
#ifndef AQ_OFFLINE_EXT4_CHECK_H
#define AQ_OFFLINE_EXT4_CHECK_H

#include <ext2fs.h>

/* NULL, or what is wrong. */
const char *aq_ext4_check(ext2_filsys fs);

#endif
