/* SPDX-License-Identifier: MIT */
#include "guest/server/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_FOLDER "/run/address-qemu"
#define OWN_MOUNT RUN_FOLDER "/cgroup"

/* Is this line of mountinfo the whole of the version 2 hierarchy? Then where it is mounted goes to `place`.
   (Source: proc(5): ID PARENT DEVICE ROOT PLACE OPTIONS … - TYPE …) */
static bool is_hierarchy(const char *line, char place[AQ_CGROUP_PATH])
{
    char within[AQ_CGROUP_PATH];
    const char *type = strstr(line, " - ");
    return type != NULL && strncmp(type, " - cgroup2 ", 11) == 0 &&
           sscanf(line, "%*s %*s %*s %511s %511s", within, place) == 2 && strcmp(within, "/") == 0;
}

static int open_mounted(void)
{
    char line[2048], place[AQ_CGROUP_PATH];
    int root = -1;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    while (mounts != NULL && root < 0 && fgets(line, sizeof line, mounts) != NULL)
        if (is_hierarchy(line, place))
            root = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mounts != NULL)
        fclose(mounts);
    return root;
}

int aq_cgroup_root(void)
{
    int root = open_mounted();
    if (root >= 0)
        return root;
    mkdir(RUN_FOLDER, 0755);
    mkdir(OWN_MOUNT, 0700);
    if (mount("none", OWN_MOUNT, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return -1;
    return open(OWN_MOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_file(int root, const char *group, const char *file, int flags)
{
    char path[AQ_CGROUP_PATH + 32];
    snprintf(path, sizeof path, "%s%s%s", group, group[0] != '\0' ? "/" : "", file);
    return openat(root, path, flags | O_CLOEXEC);
}

bool aq_cgroup_write(int root, const char *group, const char *file, const char *word)
{
    int fd = open_file(root, group, file, O_WRONLY);
    if (fd < 0)
        return false;
    bool done = write(fd, word, strlen(word)) > 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return done;
}

int aq_cgroup_read(int root, const char *group, const char *file, const char *key)
{
    char text[512];
    int fd = open_file(root, group, file, O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return -1;
    text[length] = '\0';
    const char *at = key == NULL ? text : strstr(text, key);
    return at == NULL ? -1 : (int)strtol(at + (key == NULL ? 0 : strlen(key)), NULL, 10);
}

bool aq_cgroup_make(int root, const char *group)
{
    return mkdirat(root, group, 0755) == 0 || errno == EEXIST;
}

bool aq_cgroup_move(int root, const char *group, pid_t pid)
{
    char number[16];
    snprintf(number, sizeof number, "%d", (int)pid);
    return aq_cgroup_write(root, group, "cgroup.procs", number);
}

bool aq_cgroup_is_own(const char *group)
{
    char line[AQ_CGROUP_PATH + 32], own[AQ_CGROUP_PATH + 32];
    bool found = false;
    FILE *groups = fopen("/proc/self/cgroup", "re");
    snprintf(own, sizeof own, "0::/%s\n", group);
    while (groups != NULL && !found && fgets(line, sizeof line, groups) != NULL)
        found = strcmp(line, own) == 0;
    if (groups != NULL)
        fclose(groups);
    return found;
}

bool aq_cgroup_each(int root, bool (*each)(void *data, const char *group), void *data)
{
    int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    bool go_on = folder != NULL;
    for (const struct dirent *entry; go_on && (entry = readdir(folder)) != NULL;)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            go_on = each(data, entry->d_name);
    if (folder != NULL)
        closedir(folder);
    return go_on;
}
