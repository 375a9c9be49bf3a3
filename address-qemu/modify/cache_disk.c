/* SPDX-License-Identifier: MIT */
#include "modify/cache_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "util/digest.h"
#include "util/files.h"
#include "util/home.h"
#include "util/process.h"
#include "util/wait.h"

#define FOLDER "mounts"
#define SIZE ((off_t)32 << 30) /* as the guest sees it; holes until something is kept */
#define NAME_DIGITS 32

#define MAGIC_AT 0x438 /* of the superblock of ext2 and its successors */

enum { RETRY_MS = 50, FORMAT_MS = 120000 };

static int lock_disk(int fd, void (*wait)(void *data), void *data, struct aq_error *err)
{
    for (bool told = false; flock(fd, LOCK_EX | LOCK_NB) < 0; told = true) {
        if (errno != EWOULDBLOCK)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot lock a cache");
        if (!told && wait != NULL)
            wait(data);
        if (aq_sleep_until(aq_after_ms(RETRY_MS), err) < 0)
            return -1;
    }
    return 0;
}

/* A new disk gets its file system here, so that no guest needs to have what makes one. */
static int format_disk(const struct aq_cache_disk *disk, struct aq_error *err)
{
    unsigned char magic[2] = {0};
    if (pread(disk->lock, magic, sizeof magic, MAGIC_AT) == sizeof magic && magic[0] == 0x53 &&
        magic[1] == 0xef)
        return 0;
    if (ftruncate(disk->lock, 0) < 0 || ftruncate(disk->lock, SIZE) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make the cache %s", disk->path);
    const char *const argv[] = {"mkfs.ext4", "-q", "-F", "-m", "0", disk->path, NULL};
    const struct aq_process process = {.argv = argv, .deadline = aq_after_ms(FORMAT_MS)};
    return aq_process_check(&process, NULL, err);
}

static int open_disk(int mounts, const char *base, struct aq_cache_disk *disk, void (*wait)(void *data),
                     void *data, struct aq_error *err)
{
    char digest[AQ_SHA256_TEXT];
    aq_autofree char *key = aq_format("%s\n%s", base, disk->folder);
    if (aq_sha256(key, strlen(key), digest, err) < 0)
        return -1;
    aq_autofree char *name = aq_format("%.*s.raw", NAME_DIGITS, digest);
    disk->path = aq_path_at(mounts, name);
    disk->lock = openat(mounts, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (disk->lock < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the cache %s", disk->path);
    if (lock_disk(disk->lock, wait, data, err) < 0)
        return -1;
    return format_disk(disk, err);
}

int aq_cache_disks_open(const char *base, struct aq_strings *folders, void (*wait)(void *data), void *data,
                        struct aq_cache_disks *disks, struct aq_error *err)
{
    *disks = (struct aq_cache_disks){0};
    aq_autoclose int cache = aq_open_home_dir("cache", err);
    aq_autoclose int mounts = cache < 0 ? -1 : aq_open_private_dir_at(cache, FOLDER, err);
    if (mounts < 0)
        return -1;
    aq_strings_sort(folders);
    for (size_t i = 0; i < folders->count; i++) {
        if (i > 0 && strcmp(folders->items[i], folders->items[i - 1]) == 0)
            continue;
        if (disks->count == AQ_CACHE_DISKS_MAX)
            return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "a build may have %d caches", AQ_CACHE_DISKS_MAX);
        struct aq_cache_disk *disk = &disks->items[disks->count];
        *disk = (struct aq_cache_disk){.folder = aq_strdup(folders->items[i]), .lock = -1};
        snprintf(disk->label, sizeof disk->label, "cache%c", (char)('a' + disks->count));
        disks->count++;
        if (open_disk(mounts, base, disk, wait, data, err) < 0)
            return -1;
    }
    return 0;
}

const struct aq_cache_disk *aq_cache_disk_of(const struct aq_cache_disks *disks, const char *folder)
{
    for (unsigned i = 0; i < disks->count; i++)
        if (strcmp(disks->items[i].folder, folder) == 0)
            return &disks->items[i];
    return NULL;
}

void aq_cache_disks_close(struct aq_cache_disks *disks)
{
    for (unsigned i = 0; i < disks->count; i++) {
        free(disks->items[i].folder);
        free(disks->items[i].path);
        aq_cleanup_close(&disks->items[i].lock);
    }
    *disks = (struct aq_cache_disks){0};
}
