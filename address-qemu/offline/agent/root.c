/* SPDX-License-Identifier: MIT */
#include "offline/agent/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/syscalls.h"

int aq_root_open(void)
{
    return open(AQ_SYSROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int aq_root_at(int root, const char *path, int flags, mode_t mode)
{
    const struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) != 0 ? mode : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return aq_sys_openat2(root, path, &how);
}

/* Opens the folder `path`, making the parts of it that are missing. */
static int make_folders(int root, const char *path)
{
    char part[PATH_MAX];
    int folder = aq_root_at(root, "/", O_PATH | O_DIRECTORY, 0);
    if (strlen(path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (size_t at = 1; folder >= 0 && path[at - 1] != '\0' && path[at] != '\0';) {
        size_t end = at + strcspn(path + at, "/");
        memcpy(part, path, end);
        part[end] = '\0';
        int next = aq_root_at(root, part, O_PATH | O_DIRECTORY, 0);
        if (next < 0 && errno == ENOENT && mkdirat(folder, part + at, 0755) == 0)
            next = aq_root_at(root, part, O_PATH | O_DIRECTORY, 0);
        else if (next < 0 && errno == EEXIST)
            errno = ENOENT; /* it is a link, and what it names is not there */
        int failure = errno;
        close(folder);
        errno = failure;
        folder = next;
        at = path[end] == '/' ? end + 1 : end;
    }
    return folder;
}

int aq_root_parent(int root, const char *path, bool make, const char **name)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = (size_t)(slash - path);
    *name = slash + 1;
    if (length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (length == 0)
        strcpy(folder, "/");
    int fd = aq_root_at(root, folder, O_PATH | O_DIRECTORY, 0);
    return fd < 0 && errno == ENOENT && make ? make_folders(root, folder) : fd;
}

char *aq_root_read(int root, const char *path, size_t max, size_t *length)
{
    struct stat file;
    int fd = aq_root_at(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    *length = 0;
    errno = EINVAL;
    if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
        text = malloc(max);
    for (ssize_t got = 1; text != NULL && got > 0 && *length < max;) {
        got = read(fd, text + *length, max - *length);
        if (got > 0)
            *length += (size_t)got;
    }
    close(fd);
    return text;
}
