/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offline/agent/agent.h"
#include "offline/agent/root.h"
#include "offline/agent/step.h"

#define SUPERBLOCK_MAGIC_AT 0x438 /* of ext2 and its successors */

/* Mounts at a place in the image, which is opened first, so that no link of the image's leads the mount
 * astray. */
static int mount_at(const struct aq_step_setup *setup, const char *source, const char *place,
                    const char *type, unsigned long flags, const char *data)
{
    char target[32];
    int fd = aq_root_at(setup->root, place, O_PATH, 0);
    if (fd < 0)
        return aq_agent_complain(errno, "cannot reach %s in the image", place), -1;
    snprintf(target, sizeof target, "/proc/self/fd/%d", fd);
    int mounted = mount(source, target, type, flags, data);
    if (mounted < 0)
        aq_agent_complain(errno, "cannot mount %s on %s", source, place);
    close(fd);
    return mounted;
}

static int copy_secret(int folder, const struct aq_step_pair *secret)
{
    char piece[65536];
    int from = open(secret->value, O_RDONLY | O_CLOEXEC);
    int to = openat(folder, secret->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    ssize_t got = -1;
    while (from >= 0 && to >= 0 && (got = read(from, piece, sizeof piece)) > 0)
        if (write(to, piece, (size_t)got) != got)
            break;
    explicit_bzero(piece, sizeof piece);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return got == 0 ? 0 : -1;
}

/* Secrets are in memory alone, and gone with the command's namespace. */
static int mount_secrets(const struct aq_step_setup *setup)
{
    if (setup->secret_count == 0)
        return 0;
    if (mount_at(setup, "tmpfs", AQ_STEP_SECRETS, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
        return -1;
    int folder = aq_root_at(setup->root, AQ_STEP_SECRETS, O_RDONLY | O_DIRECTORY, 0);
    int failed = folder < 0 ? -1 : 0;
    for (unsigned i = 0; failed == 0 && i < setup->secret_count; i++)
        failed = copy_secret(folder, &setup->secrets[i]);
    if (folder >= 0)
        close(folder);
    return failed == 0 ? 0 : (aq_agent_complain(errno, "cannot hand over the secrets"), -1);
}

static int make_file_system(const char *device)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/sbin/mke2fs", "mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", device, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? 0 : -1;
}

static int has_file_system(const char *device)
{
    unsigned char magic[2] = {0};
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? pread(fd, magic, sizeof magic, SUPERBLOCK_MAGIC_AT) : -1;
    if (fd >= 0)
        close(fd);
    return got == sizeof magic && magic[0] == 0x53 && magic[1] == 0xef;
}

/* A cache that is new, or cannot be read any more, starts empty. */
static int mount_cache(const struct aq_step_setup *setup, const struct aq_step_pair *cache)
{
    const char *device = cache->name;
    if (!has_file_system(device) && make_file_system(device) < 0)
        return aq_agent_complain(0, "cannot make a file system for the cache of %s", cache->value), -1;
    if (mount_at(setup, device, cache->value, "ext4", 0, "discard") < 0)
        return -1;
    int folder = aq_root_at(setup->root, cache->value, O_RDONLY | O_DIRECTORY, 0);
    if (folder >= 0) {
        unlinkat(folder, "lost+found", AT_REMOVEDIR);
        close(folder);
    }
    return 0;
}

static int mount_resolver(const struct aq_step_setup *setup)
{
    return setup->network ? mount_at(setup, AQ_STEP_RESOLVER, AQ_STEP_RESOLVER, NULL, MS_BIND, NULL) : 0;
}

int aq_step_mount(const struct aq_step_setup *setup)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return aq_agent_complain(errno, "cannot make the mounts private"), -1;
    if (mount_at(setup, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
        mount_at(setup, "sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
        mount_at(setup, "/dev", "/dev", NULL, MS_BIND | MS_REC, NULL) < 0 || mount_resolver(setup) < 0 ||
        mount_secrets(setup) < 0)
        return -1;
    for (unsigned i = 0; i < setup->cache_count; i++)
        if (mount_cache(setup, &setup->caches[i]) < 0)
            return -1;
    return 0;
}
