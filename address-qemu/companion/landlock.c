/* SPDX-License-Identifier: MIT */
#include "companion/sandbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the kernel's linux/landlock.h has it today; the one that this is built with may be older. */
struct ruleset {
    uint64_t files, net, scoped;
};

enum {
    VERSION_ONLY = 1,
    FILES_1 = 0x1fff, /* of version 1: execute … make a link */
    REFER = 0x2000,
    TRUNCATE = 0x4000,
    BIND_TCP = 1,
    IOCTL_DEVICE = 0x8000,
    ABSTRACT_SOCKETS_AND_SIGNALS = 3,
};

/* What that version of Landlock knows is forbidden. TCP out is the rules' affair, which may change. */
static struct ruleset forbid(long version)
{
    return (struct ruleset){
        .files = FILES_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0) |
                 (version >= 5 ? IOCTL_DEVICE : 0),
        .net = version >= 4 ? BIND_TCP : 0,
        .scoped = version >= 6 ? ABSTRACT_SOCKETS_AND_SIGNALS : 0,
    };
}

void aq_sandbox_landlock(char report[64])
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_ONLY);
    if (version < 0) {
        snprintf(report, 64, "not in this kernel: %s", strerror(errno));
        return;
    }
    const struct ruleset ruleset = forbid(version);
    size_t size = version >= 6 ? sizeof ruleset : version >= 4 ? 16 : 8;
    int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
    bool on = fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (on)
        snprintf(report, 64, "on");
    else
        snprintf(report, 64, "%s", strerror(reason));
}
