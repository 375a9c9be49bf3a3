/* SPDX-License-Identifier: MIT */
/*
 * Files and folders, relative to an open folder, never through a link that was not meant. Errors name the
 * full path. Codes of everything that opens: FILE_NOT_FOUND, UNREADABLE, FILE_KIND, FILE_LINK, IO.
 */
#ifndef AQ_UTIL_FILES_H
#define AQ_UTIL_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"
#include "util/memory.h"

/* Opens the folder `path`, made with its parents as 0700 where it is missing. Refused (STORE_UNSAFE) when it
   is not ours, or open to others, or a link that someone else made. Returns a descriptor to close. */
int aq_open_private_dir(const char *path, struct aq_error *err);

/* The same below an open folder; one level, `name` without a slash. */
int aq_open_private_dir_at(int dir, const char *name, struct aq_error *err);

/* The path of `name` below an open folder, for messages and for programs that take paths. free() it. */
char *aq_path_at(int dir, const char *name);

/* Opens what the relative path `name` leads to without leaving `dir` and without following any link in it.
   Nothing that is to be created. */
int aq_open_beneath(int dir, const char *name, int flags, struct aq_error *err);

/* Reads a regular file whole, at most `max` bytes (LIMIT_EXCEEDED beyond), as aq_open_beneath; adds to
 * `data`. */
int aq_read_file_at(int dir, const char *name, size_t max, struct aq_buffer *data, struct aq_error *err);

/* Makes a file under a name that is not there yet, and writes it, but does not sync it. Returns its
 * descriptor. */
int aq_make_file_at(int dir, const char *name, const void *data, size_t length, mode_t mode,
                    struct aq_error *err);

/* Sees the contents of all these files to the disk, at little more than the cost of one. */
int aq_sync_files(const int *fds, unsigned count, struct aq_error *err);

/* Writes a new file (an existing one is IO) and syncs it: for use inside a folder that is itself renamed into
 * place. */
int aq_write_new_file_at(int dir, const char *name, const void *data, size_t length, mode_t mode,
                         struct aq_error *err);

/* Replaces a file whole or not at all: a temporary, synced, renamed, the folder synced. Mode 0600.
   Temporaries that killed processes left of the same file are removed. */
int aq_replace_file_at(int dir, const char *name, const void *data, size_t length, struct aq_error *err);

/* The same for what is written often and says nothing after a crash of the machine: neither is synced. */
int aq_replace_unsynced_at(int dir, const char *name, const void *data, size_t length, struct aq_error *err);

/* A stream of the folder's entries from its start, whatever was read of `dir` before. NULL with errno set. */
DIR *aq_open_entries(int dir);

/* Removes a file or a whole folder without following links or crossing into other file systems. What is not
   there is no error. */
int aq_remove_tree_at(int dir, const char *name, struct aq_error *err);

/* Opens a regular file for reading, following links (a user's own path). Judged by fstat after opening,
   without blocking on a fifo: FILE_NOT_FOUND, FILE_LINK (dangling), FILE_KIND, UNREADABLE, IO. */
int aq_open_input(const char *path, struct aq_error *err);

/* Reads or writes all of it; a short read is an error (the file ended) in read_all_at. */
int aq_write_all(int fd, const void *data, size_t length, struct aq_error *err);
int aq_read_all_at(int fd, void *data, size_t length, off_t offset, struct aq_error *err);

/* Copies a file's contents sparsely (holes stay holes), by reflink or in-kernel copy where the file system
   can. Ends early with INTERRUPTED. */
int aq_copy_contents(int from, int to, struct aq_error *err);

/* The path as an absolute one, links resolved; NULL with FILE_NOT_FOUND or FILE_LINK. free() it. */
char *aq_absolute_path(const char *path, struct aq_error *err);

/* An executable's path: one with a slash as it is, else found in PATH (absolute entries only) or in the sbin
   folders, which are not in an ordinary user's PATH; NULL if there is none. free() it. */
char *aq_find_program(const char *name);

/* The same, but a missing one is TOOL_MISSING naming the Debian package that has it. */
char *aq_need_program(const char *name, const char *package, struct aq_error *err);

#endif
