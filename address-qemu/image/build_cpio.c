/* SPDX-License-Identifier: MIT */
#include "image/build_cpio.h"

#include <string.h>
#include <sys/stat.h>

static void pad(struct aq_buffer *archive)
{
    while (archive->length % 4 != 0)
        aq_buffer_add_char(archive, '\0');
}

void aq_cpio_add(struct aq_buffer *archive, const char *path, mode_t mode, const void *data, size_t length)
{
    size_t name_size = strlen(path) + 1;
    /* Magic; inode, mode, uid, gid, links, mtime, size, four device numbers, name's size, checksum. The
       kernel looks for hard links only among files with more than one link, so the inode may stay 0. */
    aq_buffer_format(archive, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 0,
                     (unsigned)mode, 0, 0, S_ISDIR(mode) ? 2 : 1, 0, length, 0, 0, 0, 0, name_size, 0);
    aq_buffer_add(archive, path, name_size);
    pad(archive);
    aq_buffer_add(archive, data, length);
    pad(archive);
}

void aq_cpio_end(struct aq_buffer *archive)
{
    aq_cpio_add(archive, "TRAILER!!!", 0, NULL, 0);
}
