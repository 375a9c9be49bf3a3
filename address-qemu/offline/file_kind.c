/* SPDX-License-Identifier: MIT */
#include "offline/file_kind.h"

const char *aq_file_kind(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "folder";
    case S_IFLNK:
        return "link";
    case S_IFIFO:
        return "fifo";
    case S_IFSOCK:
        return "socket";
    case S_IFREG:
        return "file";
    default:
        return "device";
    }
}
