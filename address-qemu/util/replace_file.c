/* SPDX-License-Identifier: MIT */
/* Files that are replaced whole: `.NAME.xxxxxxxxxx.tmp` takes the place of NAME. */
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/random.h"

#define SUFFIX ".tmp"
#define RANDOM_LENGTH 10

/* Whoever is still at work with a temporary is done with it long before. */
#define LEFT_AFTER_SECONDS 60

DIR *aq_open_entries(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL && fd >= 0)
        close(fd);
    return entries;
}

static bool is_left(int dir, const char *entry, const char *prefix)
{
    size_t length = strlen(prefix);
    struct stat file;
    return strncmp(entry, prefix, length) == 0 && strlen(entry) == length + RANDOM_LENGTH + strlen(SUFFIX) &&
           strcmp(entry + length + RANDOM_LENGTH, SUFFIX) == 0 &&
           fstatat(dir, entry, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode) &&
           file.st_mtime < time(NULL) - LEFT_AFTER_SECONDS;
}

static void sweep(int dir, const char *prefix)
{
    DIR *entries = aq_open_entries(dir);
    if (entries == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL)
        if (is_left(dir, entry->d_name, prefix))
            unlinkat(dir, entry->d_name, 0);
    closedir(entries);
}

int aq_replace_file_at(int dir, const char *name, const void *data, size_t length, struct aq_error *err)
{
    char random[RANDOM_LENGTH + 1];
    aq_autofree char *prefix = aq_format(".%s.", name);
    aq_autofree char *temporary = aq_format("%s%s" SUFFIX, prefix, aq_random_name(random, sizeof random));
    sweep(dir, prefix);
    if (aq_write_new_file_at(dir, temporary, data, length, 0600, err) < 0)
        return -1;
    if (renameat(dir, temporary, dir, name) == 0 && fsync(dir) == 0)
        return 0;
    int errnum = errno;
    unlinkat(dir, temporary, 0);
    aq_autofree char *path = aq_path_at(dir, name);
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot replace %s", path);
}

int aq_replace_unsynced_at(int dir, const char *name, const void *data, size_t length, struct aq_error *err)
{
    char random[RANDOM_LENGTH + 1];
    aq_autofree char *temporary = aq_format(".%s.%s" SUFFIX, name, aq_random_name(random, sizeof random));
    aq_autoclose int file = aq_make_file_at(dir, temporary, data, length, 0600, err);
    if (file < 0)
        return -1;
    if (renameat(dir, temporary, dir, name) == 0)
        return 0;
    int errnum = errno;
    unlinkat(dir, temporary, 0);
    aq_autofree char *path = aq_path_at(dir, name);
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot replace %s", path);
}
