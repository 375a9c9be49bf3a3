/* SPDX-License-Identifier: MIT */
/* Files that are compiled in; cmake/Embed.cmake makes the tables. */
#ifndef AQ_UTIL_EMBEDDED_H
#define AQ_UTIL_EMBEDDED_H

#include <stddef.h>
#include <string.h>

struct aq_embedded_file {
    const char *path; /* relative to the folder that was embedded; NULL ends the table */
    const unsigned char *data;
    size_t length;
};

/* The file of that path; NULL. */
static inline const struct aq_embedded_file *aq_embedded_find(const struct aq_embedded_file *files,
                                                              const char *path)
{
    while (files->path != NULL && strcmp(files->path, path) != 0)
        files++;
    return files->path != NULL ? files : NULL;
}

/* The folder image/build: what goes into images that are built. */
extern const struct aq_embedded_file aq_build_files[];

#endif
