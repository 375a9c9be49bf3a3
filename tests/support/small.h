/* SPDX-License-Identifier: MIT */
/* A file system so small that it is soon full, which only this process and what it starts see. */
#ifndef AQ_TEST_SMALL_H
#define AQ_TEST_SMALL_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"

static inline bool small_put_text(const char *path, const char *text)
{
    struct aq_error failed = {0};
    aq_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && aq_write_all(fd, text, strlen(text), &failed) == 0;
}

/* A mount namespace of our own; who is not root gets it in a user namespace, as the user he is. */
static inline bool small_namespace(void)
{
    aq_autofree char *uid = aq_format("%u %u 1", geteuid(), geteuid());
    aq_autofree char *gid = aq_format("%u %u 1", getegid(), getegid());
    if (geteuid() == 0)
        return unshare(CLONE_NEWNS) == 0;
    return unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0 && small_put_text("/proc/self/setgroups", "deny") &&
           small_put_text("/proc/self/uid_map", uid) && small_put_text("/proc/self/gid_map", gid);
}

/* Mounts one on the folder, which is made; `size` as "size=64k". False: this user may not. */
static inline bool small_mount(const char *folder, const char *size)
{
    aq_autofree char *options = aq_format("%s,mode=700", size);
    return small_namespace() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           (mkdir(folder, 0700) == 0 || errno == EEXIST) && mount("small", folder, "tmpfs", 0, options) == 0;
}

#endif
