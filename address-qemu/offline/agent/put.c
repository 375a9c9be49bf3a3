/* SPDX-License-Identifier: MIT */
/*
 * Files of a bundle. One that takes the place of a file is written into that file, so that it keeps what is
 * known of it elsewhere (ACLs, labels); unless the file has other names, which are to keep what they had.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "offline/agent/files.h"
#include "offline/agent/root.h"
#include "offline/file_kind.h"

#define PIECE ((size_t)1 << 18)

/* Copies the item's content to where `fd` stands. */
static int write_content(struct aq_files *files, int fd)
{
    static char piece[PIECE];
    ssize_t got;
    while ((got = aq_bundle_read(&files->bundle, piece, sizeof piece)) > 0)
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(fd, piece + done, (size_t)(got - done));
            if (written < 0 && errno != EINTR)
                return aq_files_complain(files, errno, "cannot be written");
            done += written > 0 ? written : 0;
        }
    return got == 0 ? 0 : aq_files_complain(files, errno, "its content cannot be read");
}

static int write_and_close(struct aq_files *files, int fd, const struct stat *was)
{
    int done = write_content(files, fd) < 0 ? -1 : aq_files_own(files, fd, was);
    if (close(fd) < 0 && done == 0)
        done = aq_files_complain(files, errno, "cannot be written");
    return done;
}

/* What a file is marked with that is about its place rather than its content: all but capabilities. */
static int copy_attributes(int from, int to)
{
    char names[65536], value[65536];
    ssize_t length = flistxattr(from, names, sizeof names);
    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = fgetxattr(from, names + at, value, sizeof value);
        if (size < 0 || (strcmp(names + at, "security.capability") != 0 &&
                         fsetxattr(to, names + at, value, (size_t)size, 0) < 0))
            return -1;
    }
    return length >= 0 || errno == ENOTSUP ? 0 : -1;
}

static int make(struct aq_files *files, int parent, const char *name, const struct stat *was, int old)
{
    int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return aq_files_complain(files, errno, "cannot be made");
    if (old >= 0 && copy_attributes(old, fd) < 0) {
        int failure = errno;
        close(fd);
        return aq_files_complain(files, failure, "cannot keep its attributes");
    }
    return write_and_close(files, fd, was);
}

/* A file that has other names gives way to a new one of the same attributes. */
static int replace_linked(struct aq_files *files, int parent, const char *name, const struct stat *was)
{
    int old = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (old < 0 || unlinkat(parent, name, 0) < 0) {
        int failure = errno;
        if (old >= 0)
            close(old);
        return aq_files_complain(files, failure, "cannot be replaced");
    }
    int made = make(files, parent, name, was, old);
    close(old);
    return made;
}

static int put_at(struct aq_files *files, int parent, const char *name)
{
    struct stat was;
    if (fstatat(parent, name, &was, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? make(files, parent, name, NULL, -1)
                               : aq_files_complain(files, errno, "cannot be looked at");
    if (S_ISLNK(was.st_mode))
        return unlinkat(parent, name, 0) == 0 ? make(files, parent, name, NULL, -1)
                                              : aq_files_complain(files, errno, "cannot be replaced");
    if (!S_ISREG(was.st_mode))
        return aq_files_complain(files, 0, "a file goes there, and a %s is", aq_file_kind(was.st_mode));
    if (was.st_nlink > 1)
        return replace_linked(files, parent, name, &was);
    int fd = openat(parent, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? write_and_close(files, fd, &was) : aq_files_complain(files, errno, "cannot be written");
}

int aq_files_put(struct aq_files *files)
{
    const char *name;
    int parent = aq_root_parent(files->root, files->item.path, true, &name);
    if (parent < 0)
        return aq_files_complain(files, errno, "cannot make the folders above it");
    int put = put_at(files, parent, name);
    close(parent);
    return put;
}

int aq_files_append(struct aq_files *files)
{
    struct stat was;
    int fd = aq_root_at(files->root, files->item.path, O_PATH, 0);
    if (fd < 0 && errno == ENOENT)
        return aq_files_put(files);
    if (fd < 0)
        return aq_files_complain(files, errno, "cannot be reached");
    int looked = fstat(fd, &was);
    close(fd);
    if (looked < 0 || !S_ISREG(was.st_mode))
        return aq_files_complain(files, looked < 0 ? errno : 0, "a file is to be added to, and a %s is there",
                                 aq_file_kind(was.st_mode));
    fd = aq_root_at(files->root, files->item.path, O_WRONLY | O_APPEND | O_NONBLOCK, 0);
    return fd >= 0 ? write_and_close(files, fd, &was) : aq_files_complain(files, errno, "cannot be written");
}
