/* SPDX-License-Identifier: MIT */
/* Globs of what is left out of a folder, as .gitignore and .dockerignore have them, without "!". */
#ifndef AQ_SPEC_GLOB_H
#define AQ_SPEC_GLOB_H

#include <stdbool.h>

/* Does it mean `path`, which is relative to the folder ("a/b/c")? `*`, `?` and `[…]` stay within a name, `**`
   is any number of folders. A glob without a slash, but for one at its end, means that name at any depth; any
   other the whole path. A slash at its end: folders only. Leading dots are like other characters. */
bool aq_glob_means(const char *glob, const char *path, bool is_folder);

#endif
