/* SPDX-License-Identifier: MIT */
#include "companion/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Any folder of the host that is there: the empty root is mounted over it, in this process's own view. */
#define OVER "/tmp"
#define OVER_ELSE "/dev"

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return written;
}

/* It stays who it was (user_namespaces(7)). */
static bool map_self(uid_t user, gid_t group)
{
    char users[32], groups[32];
    snprintf(users, sizeof users, "%u %u 1", user, user);
    snprintf(groups, sizeof groups, "%u %u 1", group, group);
    return write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", users) &&
           write_text("/proc/self/gid_map", groups);
}

/* pivot_root(2), "pivot_root(".", ".")": the old root is stacked on the new one, and taken away. */
static bool empty_root(void)
{
    const char *over = access(OVER, F_OK) == 0 ? OVER : OVER_ELSE;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", over, "tmpfs", MS_NODEV | MS_NOEXEC | MS_NOSUID | MS_RDONLY,
                 "size=4k,nr_inodes=2") == 0 &&
           chdir(over) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
           chdir("/") == 0;
}

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {{0}};
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0;
}

/* A host may forbid user namespaces altogether, or give them without the right to mount in them. */
void aq_sandbox_separate(char report[64])
{
    uid_t user = geteuid();
    gid_t group = getegid();
    const char *failed = NULL;
    int reason = 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
        failed = "unshare";
    else if (!map_self(user, group))
        failed = "uid_map";
    else if (!empty_root())
        failed = "pivot_root";
    reason = errno;
    if (!drop_capabilities() && failed == NULL) {
        failed = "capset";
        reason = errno;
    }
    if (failed == NULL)
        snprintf(report, 64, "on");
    else
        snprintf(report, 64, "%s: %s", failed, strerror(reason));
}
