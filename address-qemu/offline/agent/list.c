/* SPDX-License-Identifier: MIT */
/* All names of the image's tree, in the format of offline/list_format.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offline/agent/agent.h"
#include "offline/agent/root.h"
#include "offline/list_format.h"

#define PATH_LIMIT 65536

static char path[PATH_LIMIT];

static long long nanoseconds(const struct timespec *time)
{
    return (long long)time->tv_sec * 1000000000 + time->tv_nsec;
}

static int print_one(int folder, const char *name, const struct stat *st)
{
    char target[4097] = "";
    ssize_t length = S_ISLNK(st->st_mode) ? readlinkat(folder, name, target, sizeof target - 1) : 0;
    if (length < 0)
        return -1;
    target[length] = '\0';
    printf(AQ_LIST_FORMAT, (unsigned)st->st_mode, (unsigned)st->st_uid, (unsigned)st->st_gid,
           (unsigned long long)(S_ISDIR(st->st_mode) ? 0 : st->st_size), nanoseconds(&st->st_mtim),
           nanoseconds(&st->st_ctim));
    printf("%s%c%s%c", path, '\0', target, '\0');
    return 0;
}

/* Closes `folder`. */
static int walk(int folder, size_t length)
{
    DIR *entries = fdopendir(folder);
    int failed = entries == NULL ? -1 : 0;
    for (const struct dirent *entry; failed == 0 && (entry = readdir(entries)) != NULL;) {
        struct stat st;
        size_t longer = length + 1 + strlen(entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (longer >= PATH_LIMIT || fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            failed = -1;
        if (failed == 0) {
            path[length] = '/';
            strcpy(path + length + 1, entry->d_name);
            failed = print_one(folder, entry->d_name, &st);
        }
        if (failed == 0 && S_ISDIR(st.st_mode)) {
            int below = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            failed = below < 0 ? -1 : walk(below, longer);
        }
    }
    if (entries != NULL)
        closedir(entries);
    return failed;
}

int aq_agent_list(int argc, char **argv)
{
    (void)argc, (void)argv;
    int root = open(AQ_SYSROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || walk(root, 0) < 0)
        return aq_agent_complain(errno, "%s cannot be listed", path);
    return fflush(stdout) == 0 ? 0 : 1;
}
