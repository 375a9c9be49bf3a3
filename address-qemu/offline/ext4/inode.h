/* SPDX-License-Identifier: MIT */
/* Inodes and names of an ext4: what put.c and tree.c do with them. Numbers of inodes are 0 for none. */
#ifndef AQ_OFFLINE_EXT4_INODE_H
#define AQ_OFFLINE_EXT4_INODE_H

#include <sys/types.h>

#include "offline/ext4/writer.h"

/* Reads what is known of every inode; 0 or -1 after a complaint. */
int aq_inode_read(const struct aq_writer *writer, ext2_ino_t number, struct ext2_inode *inode);

/* What a path leads to, links followed within the root. 1 found, 0 not there, -1. */
int aq_inode_follow(struct aq_writer *writer, const char *path, ext2_ino_t *number);

/* The entry `name` of a folder itself. 1, 0, -1. */
int aq_inode_lookup(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t *number);

/* The folder that the item's path is in, missing ones made if `make`; *name points at the path's last part.
   1, 0 (without `make`: one of them is not there), -1. */
int aq_inode_parent(struct aq_writer *writer, bool make, ext2_ino_t *folder, const char **name);

/* Makes a folder, or enters an inode under a name, growing the folder where need be. */
int aq_inode_make_folder(struct aq_writer *writer, ext2_ino_t folder, const char *name);
int aq_inode_enter(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number,
                   int type);

/* Takes a name away, and with its last name the file: not a folder's. */
int aq_inode_remove(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number);

/* Takes an empty folder away. */
int aq_inode_remove_folder(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number);

/* Gives it the item's owner and mode: those that are set, and if it is `fresh` all of them; and the present
 * time. */
int aq_inode_own(struct aq_writer *writer, ext2_ino_t number, bool fresh);

/* The content of a folder or file has changed now. */
void aq_inode_touch(struct aq_writer *writer, ext2_ino_t number);

/* Reads a regular file, at most `max` bytes, into memory to free(); NULL. */
char *aq_inode_text(struct aq_writer *writer, const char *path, size_t max, size_t *length);

#endif
