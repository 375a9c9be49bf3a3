/* SPDX-License-Identifier: MIT */
/* What was downloaded and is kept: `cache/downloads/sha256/DIGEST`, and beside it what is on its way
 * elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "util/download_part.h"
#include "util/files.h"
#include "util/home.h"
#include "util/memory.h"
#include "util/wait.h"

#define VERIFIED "sha256"

int aq_download_folder(const char *name, struct aq_error *err)
{
    aq_autoclose int cache = aq_open_home_dir("cache", err);
    aq_autoclose int downloads = cache < 0 ? -1 : aq_open_private_dir_at(cache, "downloads", err);
    return downloads < 0 ? -1 : aq_open_private_dir_at(downloads, name, err);
}

/* Opens a file of the cache and notes that it was used. */
static int open_used(int folder, const char *sha256, struct aq_error *err)
{
    int fd = aq_open_beneath(folder, sha256, O_RDONLY, err);
    if (fd >= 0)
        futimens(fd, NULL); /* only for whoever prunes by age */
    return fd;
}

int aq_download_open_cached(const char *sha256, struct aq_error *err)
{
    aq_autoclose int folder = aq_download_folder(VERIFIED, err);
    return folder < 0 ? -1 : open_used(folder, sha256, err);
}

static bool is_there(int folder, const char *name)
{
    return faccessat(folder, name, R_OK, 0) == 0;
}

int aq_download_cached(const struct aq_download *download, struct aq_error *err)
{
    char found[AQ_SHA256_TEXT];
    aq_autopart struct aq_part part = AQ_PART_NONE;
    aq_autoclose int folder = aq_download_folder(VERIFIED, err);
    if (folder < 0 || aq_download_judge(download, err) < 0)
        return -1;
    if (is_there(folder, download->sha256))
        return open_used(folder, download->sha256, err);
    if (aq_part_open(folder, download->sha256, download->url, &part, err) < 0)
        return -1;
    if (is_there(folder, download->sha256)) /* whoever had the part before has finished it */
        aq_part_remove(&part);
    else if (aq_download_into(download, &part, download->sha256, found, err) < 0)
        return -1;
    return open_used(folder, download->sha256, err);
}

/* What is being looked for, and what was found. */
struct prune {
    int64_t older_than; /* seconds since the Epoch */
    bool dry_run;
    struct aq_download_pruned *found;
};

/* Whoever downloads holds a lock on the part. */
static bool is_in_use(int folder, const char *name)
{
    aq_autoclose int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

static int prune_file(const struct prune *prune, int folder, const char *name, struct aq_error *err)
{
    struct stat file;
    if (fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(file.st_mode) ||
        file.st_mtime > prune->older_than || is_in_use(folder, name))
        return 0;
    if (!prune->dry_run && unlinkat(folder, name, 0) < 0 && errno != ENOENT) {
        int errnum = errno;
        aq_autofree char *path = aq_path_at(folder, name);
        return aq_fail_errno(err, AQ_E_IO, errnum, "cannot remove %s", path);
    }
    prune->found->count++;
    prune->found->bytes += (uint64_t)file.st_blocks * 512;
    return 0;
}

static int prune_folder(const struct prune *prune, const char *name, struct aq_error *err)
{
    aq_autoclose int folder = aq_download_folder(name, err);
    DIR *entries = folder < 0 ? NULL : aq_open_entries(folder);
    if (entries == NULL)
        return folder < 0 ? -1 : aq_fail_errno(err, AQ_E_IO, errno, "cannot list the downloads");
    int pruned = 0;
    for (struct dirent *entry; pruned == 0 && (entry = readdir(entries)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            pruned = prune_file(prune, folder, entry->d_name, err);
    closedir(entries);
    return pruned;
}

int aq_download_prune(int64_t older_than_ms, bool dry_run, struct aq_download_pruned *found,
                      struct aq_error *err)
{
    const struct prune prune = {time(NULL) - older_than_ms / 1000, dry_run, found};
    *found = (struct aq_download_pruned){0};
    return prune_folder(&prune, VERIFIED, err) < 0 ? -1 : prune_folder(&prune, AQ_DOWNLOADS_IMPORT, err);
}
