/* SPDX-License-Identifier: MIT */
#include "guest/server/fs_list.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool is_known(const struct aq_fs_list *list, dev_t device)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->entries[i].device == device)
            return true;
    return false;
}

/* Adds the file system at a mount point, if it is one that counts. */
static void add(struct aq_fs_list *list, const char *where)
{
    struct stat root;
    struct statvfs kind;
    int fd = open(where, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (list->count == AQ_FS_MAX || fstat(fd, &root) < 0 || fstatvfs(fd, &kind) < 0 ||
        (kind.f_flag & ST_RDONLY) != 0 || is_known(list, root.st_dev)) {
        close(fd);
        return;
    }
    list->entries[list->count].fd = fd;
    list->entries[list->count].device = root.st_dev;
    strncpy(list->entries[list->count].where, where, sizeof list->entries[0].where - 1);
    list->count++;
}

bool aq_fs_list_open(struct aq_fs_list *list)
{
    struct mntent entry;
    char text[4096];
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    if (mounts == NULL)
        return false;
    while (getmntent_r(mounts, &entry, text, sizeof text) != NULL)
        if (entry.mnt_fsname[0] == '/')
            add(list, entry.mnt_dir);
    endmntent(mounts);
    return true;
}

const char *aq_fs_list_freeze(struct aq_fs_list *list)
{
    for (unsigned i = list->count; i-- > 0;) {
        if (ioctl(list->entries[i].fd, FIFREEZE, 0) == 0)
            list->entries[i].frozen = true;
        else if (errno != EOPNOTSUPP && errno != EBUSY && errno != ENOTTY)
            return list->entries[i].where;
    }
    return NULL;
}

void aq_fs_list_thaw(struct aq_fs_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->entries[i].frozen && ioctl(list->entries[i].fd, FITHAW, 0) == 0)
            list->entries[i].frozen = false;
}
