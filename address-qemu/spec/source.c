/* SPDX-License-Identifier: MIT */
#include "spec/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/files.h"
#include "util/syscalls.h"

int aq_spec_context(const struct aq_spec *spec, struct aq_place place, struct aq_error *err)
{
    return aq_error_context(err, "%s:%u:%u", spec->where, place.line, place.column);
}

/* -1 with errno; EXDEV: it leads out of the folder. */
static int open_beneath(int folder, const char *path, int flags)
{
    const struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int fd = aq_sys_openat2(folder, path, &how);
    if (fd >= 0 || errno != ENOSYS)
        return fd;
    struct aq_error strict = {0}; /* an old kernel: then no links at all */
    fd = aq_open_beneath(folder, path, flags, &strict);
    errno = strict.code == AQ_E_FILE_LINK ? EXDEV : strict.code == AQ_E_UNREADABLE ? EACCES : ENOENT;
    return fd;
}

/* The path as an absolute one, as far as text goes: below the spec's folder, or below home. */
static char *absolute(const struct aq_spec *spec, const char *path)
{
    const char *home = getenv("HOME");
    if (strncmp(path, "~/", 2) == 0 && home != NULL)
        return aq_format("%s%s", home, path + 1);
    return aq_path_at(spec->folder, path);
}

/* Tries the folders that the command allows. What `real` is by now does not count: it is opened beneath. */
static int open_allowed(const struct aq_spec *spec, const char *real, int flags)
{
    for (size_t i = 0; i < spec->allowed.count; i++) {
        const char *folder = spec->allowed.items[i];
        size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
        if (strncmp(real, folder, length) != 0 || (real[length] != '/' && real[length] != '\0'))
            continue;
        aq_autoclose int allowed = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        const char *below = real + length + strspn(real + length, "/");
        int fd = allowed < 0 ? -1 : open_beneath(allowed, below[0] != '\0' ? below : ".", flags);
        if (fd >= 0 || errno != EXDEV)
            return fd;
    }
    errno = EXDEV;
    return -1;
}

static int fail_open(const struct aq_spec *spec, struct aq_place place, const char *path, int errnum,
                     struct aq_error *err)
{
    aq_autofree char *whole = absolute(spec, path);
    switch (errnum) {
    case ENOENT:
        return aq_spec_fail(spec, place, AQ_E_FILE_NOT_FOUND, err, "there is no %s", whole);
    case ENOTDIR:
        return aq_spec_fail(spec, place, AQ_E_FILE_KIND, err,
                            "%s is no folder, or leads through something that is none", whole);
    case EXDEV:
    case ELOOP:
        return aq_spec_fail(spec, place, AQ_E_SOURCE_OUTSIDE, err,
                            "%s leads out of the spec's folder; move it there, or allow its folder with "
                            "allow_source=FOLDER",
                            path);
    case EACCES:
    case EPERM:
        return aq_spec_fail(spec, place, AQ_E_UNREADABLE, err, "this user may not open %s", whole);
    case ENXIO:
    case ENODEV:
        return aq_spec_fail(spec, place, AQ_E_FILE_KIND, err, "%s is a socket or a device", whole);
    default:
        aq_fail_errno(err, AQ_E_IO, errnum, "cannot open %s", whole);
        return aq_spec_context(spec, place, err);
    }
}

int aq_source_open(const struct aq_spec *spec, struct aq_place place, const char *path, int flags,
                   struct aq_error *err)
{
    bool relative = path[0] != '/' && strncmp(path, "~/", 2) != 0;
    int fd = relative ? open_beneath(spec->folder, path, flags) : -1;
    if (relative && (fd >= 0 || errno != EXDEV))
        return fd >= 0 ? fd : fail_open(spec, place, path, errno, err);
    aq_autofree char *whole = absolute(spec, path);
    aq_autofree char *real = realpath(whole, NULL);
    if (real == NULL)
        return fail_open(spec, place, path, errno, err);
    fd = open_allowed(spec, real, flags);
    if (fd < 0 && errno == EXDEV && !relative) { /* an absolute path may lead into the spec's own folder */
        aq_autofree char *own = aq_path_at(spec->folder, "");
        if (strncmp(real, own, strlen(own)) == 0)
            fd = open_beneath(spec->folder, real + strlen(own), flags);
        else
            errno = EXDEV;
    }
    return fd >= 0 ? fd : fail_open(spec, place, path, errno, err);
}

int aq_source_open_file(const struct aq_spec *spec, struct aq_place place, const char *path,
                        struct aq_error *err)
{
    /* O_PATH opens nothing: no fifo waits for a writer, no device is woken before it is known what it is. */
    aq_autoclose int found = aq_source_open(spec, place, path, O_PATH, err);
    struct stat file;
    if (found < 0)
        return -1;
    if (fstat(found, &file) < 0)
        return fail_open(spec, place, path, errno, err);
    if (!S_ISREG(file.st_mode)) {
        aq_autofree char *whole = absolute(spec, path);
        return aq_spec_fail(spec, place, AQ_E_FILE_KIND, err, "%s is %s; a file was expected", whole,
                            S_ISDIR(file.st_mode) ? "a folder" : "a fifo, a socket or a device");
    }
    char same[64];
    snprintf(same, sizeof same, "/proc/self/fd/%d", found);
    int fd = open(same, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : fail_open(spec, place, path, errno, err);
}
