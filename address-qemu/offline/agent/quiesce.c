/* SPDX-License-Identifier: MIT */
/*
 * Making the image's file systems stand still for the moment in which a layer is cut off: what can be frozen
 * is frozen (its journal is then empty), what cannot (FAT) is made read-only. The deepest mount comes first,
 * the root last.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "offline/agent/agent.h"
#include "offline/agent/root.h"

#define MOUNTS_MAX 64

static bool is_below_root(const char *path)
{
    size_t length = strlen(AQ_SYSROOT);
    return strncmp(path, AQ_SYSROOT, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Mount points, in the order in which they were mounted. (proc(5): the fifth field of mountinfo; spaces and
   the like are \ooo, and no image of ours has such a mount point.) */
static int find_mounts(char paths[MOUNTS_MAX][256])
{
    char line[4096], path[256];
    int count = 0;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    if (mounts == NULL)
        return 0;
    while (count < MOUNTS_MAX && fgets(line, sizeof line, mounts) != NULL)
        if (sscanf(line, "%*s %*s %*s %*s %255s", path) == 1 && is_below_root(path))
            strcpy(paths[count++], path);
    fclose(mounts);
    return count;
}

static int freeze(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int done = ioctl(fd, FIFREEZE, 0);
    int failure = errno;
    close(fd);
    errno = failure;
    return done < 0 && (failure == EOPNOTSUPP || failure == ENOTTY)
               ? mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL)
               : done;
}

static int thaw(const char *path)
{
    struct statvfs state;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int done = ioctl(fd, FITHAW, 0);
    int failure = errno, looked = fstatvfs(fd, &state);
    close(fd);
    if (done == 0)
        return 0;
    if (looked == 0 && (state.f_flag & ST_RDONLY) != 0)
        return mount(NULL, path, NULL, MS_REMOUNT, NULL);
    errno = failure;
    return failure == EINVAL ? 0 : -1; /* it was not frozen */
}

int aq_agent_resume(int argc, char **argv)
{
    static char paths[MOUNTS_MAX][256];
    (void)argc, (void)argv;
    int count = find_mounts(paths), failed = 0;
    for (int i = 0; i < count; i++)
        if (thaw(paths[i]) < 0)
            failed = aq_agent_complain(errno, "cannot go on with %s", paths[i]);
    return failed;
}

int aq_agent_quiesce(int argc, char **argv)
{
    static char paths[MOUNTS_MAX][256];
    int count = find_mounts(paths);
    sync();
    for (int i = count; i-- > 0;)
        if (freeze(paths[i]) < 0) {
            int failure = errno;
            aq_agent_resume(argc, argv);
            return aq_agent_complain(failure, "cannot make %s stand still", paths[i]);
        }
    return count > 0 ? 0 : aq_agent_complain(0, "nothing is mounted");
}
