/* SPDX-License-Identifier: MIT */
#include "guest/server/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
    pid_t pid;
    pid_t parent;
    bool doomed;
};

/* Reads the parent out of /proc/PID/stat: the name before it is in parentheses and may hold anything. */
static bool read_parent(int proc, const char *pid, pid_t *parent, char *state)
{
    char path[64];
    char text[512];
    snprintf(path, sizeof path, "%s/stat", pid);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    const char *after = strrchr(text, ')');
    return after != NULL && sscanf(after + 1, " %c %d", state, parent) == 2;
}

static size_t list_processes(struct process **list)
{
    size_t count = 0;
    size_t capacity = 0;
    DIR *folder = opendir("/proc");
    *list = NULL;
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        struct process one = {.pid = atoi(entry->d_name)};
        char state;
        if (one.pid <= 0 || !read_parent(dirfd(folder), entry->d_name, &one.parent, &state) || state == 'Z')
            continue;
        if (count == capacity) {
            struct process *larger = realloc(*list, (capacity + 256) * sizeof *larger);
            if (larger == NULL)
                break;
            *list = larger;
            capacity += 256;
        }
        (*list)[count++] = one;
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* Dooms the children of those that are doomed already; false when there were no new ones. */
static bool doom_children(struct process *list, size_t count, pid_t root)
{
    bool more = false;
    for (size_t i = 0; i < count; i++) {
        bool child = list[i].parent == root;
        for (size_t j = 0; j < count && !child && !list[i].doomed; j++)
            child = list[j].doomed && list[j].pid == list[i].parent;
        if (child && !list[i].doomed)
            more = list[i].doomed = true;
    }
    return more;
}

unsigned aq_tree_kill(pid_t root)
{
    struct process *list;
    size_t count = list_processes(&list);
    unsigned killed = 0;
    while (doom_children(list, count, root))
        ;
    for (size_t i = 0; i < count; i++)
        if (list[i].doomed && kill(list[i].pid, SIGKILL) == 0)
            killed++;
    free(list);
    return killed;
}
