/* SPDX-License-Identifier: MIT */
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/syscalls.h"

/* What an open descriptor is called, as far as the kernel knows; NULL if it does not. free() it. */
static char *path_of(int fd)
{
    char entry[64];
    char path[PATH_MAX];
    snprintf(entry, sizeof entry, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(entry, path, sizeof path);
    return length > 0 ? aq_strndup(path, (size_t)length) : NULL;
}

char *aq_path_at(int dir, const char *name)
{
    aq_autofree char *folder = dir == AT_FDCWD || name[0] == '/' ? NULL : path_of(dir);
    return folder != NULL ? aq_format("%s/%s", folder, name) : aq_strdup(name);
}

static int fail_open(int errnum, const char *path, struct aq_error *err)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return aq_fail(err, AQ_E_FILE_NOT_FOUND, "there is no %s", path);
    case ELOOP:
    case EXDEV: /* what openat2 says of a way out of the folder */
        return aq_fail(err, AQ_E_FILE_LINK, "%s is a symbolic link, or leads over one", path);
    case EACCES:
    case EPERM:
        return aq_fail(err, AQ_E_UNREADABLE, "this user may not open %s", path);
    case ENXIO:
    case ENODEV:
        return aq_fail(err, AQ_E_FILE_KIND, "%s is a socket or device, not a regular file", path);
    default:
        return aq_fail_errno(err, AQ_E_IO, errnum, "cannot open %s", path);
    }
}

static int fail_open_at(int errnum, int dir, const char *name, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(dir, name);
    return fail_open(errnum, path, err);
}

static int judge_regular(const struct stat *file, const char *path, struct aq_error *err)
{
    if (S_ISREG(file->st_mode))
        return 0;
    const char *kind = S_ISDIR(file->st_mode)    ? "a folder"
                       : S_ISFIFO(file->st_mode) ? "a fifo"
                       : S_ISSOCK(file->st_mode) ? "a socket"
                                                 : "a device";
    return aq_fail(err, AQ_E_FILE_KIND, "%s is %s, not a regular file", path, kind);
}

static int open_step(int folder, const char *name, int flags)
{
    if (name[0] == '\0' || strcmp(name, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    return openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW);
}

/* O_PATH opens a link itself, so that it can be told from what is no folder. */
static int enter_folder(int folder, const char *name)
{
    aq_autoclose int next = open_step(folder, name, O_PATH);
    struct stat entry;
    if (next < 0 || fstat(next, &entry) < 0)
        return -1;
    if (S_ISLNK(entry.st_mode)) {
        errno = ELOOP;
        return -1;
    }
    return aq_steal_fd(&next);
}

/* What openat2 does in one step. */
static int open_by_steps(int dir, const char *name, int flags)
{
    aq_autofree char *parts = aq_strdup(name);
    aq_autoclose int folder = -1;
    char *part = parts;
    for (char *slash; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
        *slash = '\0';
        int next = enter_folder(folder >= 0 ? folder : dir, part);
        if (next < 0)
            return -1;
        if (folder >= 0)
            close(folder);
        folder = next;
    }
    return open_step(folder >= 0 ? folder : dir, part, flags);
}

int aq_open_beneath(int dir, const char *name, int flags, struct aq_error *err)
{
    const struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    int fd = aq_sys_openat2(dir, name, &how);
    /* Sandboxes and kernels before 5.6 do not know it. */
    if (fd < 0 && errno == ENOSYS)
        fd = open_by_steps(dir, name, flags);
    return fd >= 0 ? fd : fail_open_at(errno, dir, name, err);
}

static int fail_too_long(int dir, const char *name, size_t max, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(dir, name);
    return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s is larger than %zu bytes", path, max);
}

int aq_read_file_at(int dir, const char *name, size_t max, struct aq_buffer *data, struct aq_error *err)
{
    aq_autoclose int fd = aq_open_beneath(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
    if (fd < 0)
        return -1;
    struct stat file;
    if (fstat(fd, &file) < 0)
        return fail_open_at(errno, dir, name, err);
    if (!S_ISREG(file.st_mode)) {
        aq_autofree char *path = aq_path_at(dir, name);
        return judge_regular(&file, path, err);
    }
    if ((size_t)file.st_size > max)
        return fail_too_long(dir, name, max, err);

    /* One byte more than there is: a read that does not fill its room has seen the end. The files of /proc
       and /sys say they have no size, and other files may be growing. */
    size_t start = data->length;
    size_t room = (size_t)file.st_size + (file.st_size > 0 ? 1 : 4096);
    for (;;) {
        ssize_t got = read(fd, aq_buffer_room(data, room), room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_open_at(errno, dir, name, err);
        aq_buffer_filled(data, (size_t)got);
        if (data->length - start > max)
            return fail_too_long(dir, name, max, err);
        if ((size_t)got == 0 || (file.st_size > 0 && (size_t)got < room))
            return 0;
    }
}

int aq_make_file_at(int dir, const char *name, const void *data, size_t length, mode_t mode,
                    struct aq_error *err)
{
    aq_autoclose int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        int errnum = errno;
        aq_autofree char *path = aq_path_at(dir, name);
        return aq_fail_errno(err, AQ_E_IO, errnum, "cannot make %s", path);
    }
    if (aq_write_all(fd, data, length, err) < 0) {
        unlinkat(dir, name, 0);
        return -1;
    }
    return aq_steal_fd(&fd);
}

/* The others are on their way before the first is waited for: a journal then commits once for them, not once
 * for each. */
int aq_sync_files(const int *fds, unsigned count, struct aq_error *err)
{
    for (unsigned i = 1; i < count; i++)
        sync_file_range(fds[i], 0, 0, SYNC_FILE_RANGE_WRITE); /* a hint: failing is of no account */
    for (unsigned i = 0; i < count; i++)
        if (fdatasync(fds[i]) < 0)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot write a file to disk");
    return 0;
}

int aq_write_new_file_at(int dir, const char *name, const void *data, size_t length, mode_t mode,
                         struct aq_error *err)
{
    aq_autoclose int fd = aq_make_file_at(dir, name, data, length, mode, err);
    if (fd < 0)
        return -1;
    if (aq_sync_files(&fd, 1, err) < 0) {
        unlinkat(dir, name, 0);
        return -1;
    }
    return 0;
}

/* A link that leads nowhere deserves its own word: the file itself seems to be there. */
static int fail_open_link(const char *path, int errnum, struct aq_error *err)
{
    struct stat link;
    if ((errnum == ENOENT || errnum == ELOOP) && lstat(path, &link) == 0 && S_ISLNK(link.st_mode))
        return aq_fail(err, AQ_E_FILE_LINK, "%s is a symbolic link that leads nowhere", path);
    return fail_open(errnum, path, err);
}

int aq_open_input(const char *path, struct aq_error *err)
{
    /* O_PATH opens nothing: no fifo waits for a writer, no device is woken before it is known what it is. */
    aq_autoclose int found = open(path, O_PATH | O_CLOEXEC);
    if (found < 0)
        return fail_open_link(path, errno, err);
    struct stat file;
    if (fstat(found, &file) < 0)
        return fail_open(errno, path, err);
    if (judge_regular(&file, path, err) < 0)
        return -1;
    char same[64];
    snprintf(same, sizeof same, "/proc/self/fd/%d", found);
    int fd = open(same, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : fail_open(errno, path, err);
}

int aq_write_all(int fd, const void *data, size_t length, struct aq_error *err)
{
    for (size_t done = 0; done < length;) {
        ssize_t wrote = write(fd, (const char *)data + done, length - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            int errnum = errno;
            aq_autofree char *path = path_of(fd);
            return aq_fail_errno(err, AQ_E_IO, errnum, "cannot write %s", path != NULL ? path : "");
        }
        done += (size_t)wrote;
    }
    return 0;
}

int aq_read_all_at(int fd, void *data, size_t length, off_t offset, struct aq_error *err)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = pread(fd, (char *)data + done, length - done, offset + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot read");
        if (got == 0)
            return aq_fail(err, AQ_E_IO, "the file ends at byte %lld, before the %zu bytes at %lld are read",
                           (long long)offset + (long long)done, length, (long long)offset);
        done += (size_t)got;
    }
    return 0;
}

char *aq_absolute_path(const char *path, struct aq_error *err)
{
    char *resolved = realpath(path, NULL);
    if (resolved == NULL)
        fail_open_link(path, errno, err);
    return resolved;
}
