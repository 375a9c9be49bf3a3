/* SPDX-License-Identifier: MIT */
/* Folders that nobody else may look into: what is in them is trusted because of that. */
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

static int judge_folder(int fd, const char *path, struct aq_error *err)
{
    struct stat folder;
    if (fstat(fd, &folder) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot look at %s", path);
    if (folder.st_uid != geteuid())
        return aq_fail(err, AQ_E_STORE_UNSAFE, "%s belongs to user %u, not to user %u who runs this", path,
                       (unsigned)folder.st_uid, (unsigned)geteuid());
    if ((folder.st_mode & 077) != 0)
        return aq_fail(err, AQ_E_STORE_UNSAFE, "%s is open to other users (mode %04o): chmod 700 %s", path,
                       (unsigned)folder.st_mode & 07777, path);
    return 0;
}

static int open_folder(int dir, const char *name, int flags, const char *path, struct aq_error *err)
{
    aq_autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return aq_fail(err, AQ_E_STORE_UNSAFE, "%s has to be a folder and is something else, or a link",
                       path);
    if (fd < 0 && errno == EACCES)
        return aq_fail_errno(err, AQ_E_STORE_UNSAFE, errno, "%s is not ours to open", path);
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the folder %s", path);
    if (judge_folder(fd, path, err) < 0)
        return -1;
    return aq_steal_fd(&fd);
}

static int make_folder(int dir, const char *name, const char *path, struct aq_error *err)
{
    if (mkdirat(dir, name, 0700) == 0 || errno == EEXIST)
        return 0;
    return aq_fail_errno(err, AQ_E_IO, errno, "cannot make the folder %s", path);
}

static int make_parents(const char *path, struct aq_error *err)
{
    aq_autofree char *part = aq_strdup(path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (access(part, F_OK) < 0 && make_folder(AT_FDCWD, part, part, err) < 0)
            return -1;
        *slash = '/';
    }
    return 0;
}

/* The user may have put a link where the store is expected, to keep it on another disk. So may root. */
static int judge_link(const char *path, struct aq_error *err)
{
    struct stat link;
    if (lstat(path, &link) < 0 || !S_ISLNK(link.st_mode) || link.st_uid == geteuid() || link.st_uid == 0)
        return 0;
    return aq_fail(err, AQ_E_STORE_UNSAFE, "%s is a link that user %u made", path, (unsigned)link.st_uid);
}

int aq_open_private_dir(const char *path, struct aq_error *err)
{
    aq_autofree char *clean = aq_strdup(path);
    for (size_t length = strlen(clean); length > 1 && clean[length - 1] == '/'; length--)
        clean[length - 1] = '\0';
    if (access(clean, F_OK) < 0 &&
        (make_parents(clean, err) < 0 || make_folder(AT_FDCWD, clean, clean, err) < 0))
        return -1;
    if (judge_link(clean, err) < 0)
        return -1;
    return open_folder(AT_FDCWD, clean, 0, clean, err);
}

int aq_open_private_dir_at(int dir, const char *name, struct aq_error *err)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct stat folder;
    if (fd >= 0 && fstat(fd, &folder) == 0 && folder.st_uid == geteuid() && (folder.st_mode & 077) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    aq_autofree char *path = aq_path_at(dir, name);
    if (make_folder(dir, name, path, err) < 0)
        return -1;
    return open_folder(dir, name, O_NOFOLLOW, path, err);
}
