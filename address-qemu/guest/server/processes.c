/* SPDX-License-Identifier: MIT */
#include "guest/server/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLAG_KERNEL 0x00200000 /* PF_KTHREAD */

/* The name is in parentheses and may hold anything, parentheses too. */
static bool parse(char *text, struct aq_process_entry *entry)
{
    unsigned flags;
    const char *name = strchr(text, '(');
    char *after = strrchr(text, ')');
    if (name == NULL || after == NULL || after < name ||
        sscanf(after + 1, " %c %d %*d %*d %*d %*d %u", &entry->state, &entry->parent, &flags) != 3)
        return false;
    *after = '\0';
    snprintf(entry->name, sizeof entry->name, "%.16s", name + 1);
    entry->kernel = (flags & FLAG_KERNEL) != 0;
    return true;
}

static bool read_entry(int proc, const char *pid, struct aq_process_entry *entry)
{
    char path[64];
    char text[512];
    snprintf(path, sizeof path, "%.16s/stat", pid);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return parse(text, entry);
}

size_t aq_processes_list(struct aq_process_entry **list)
{
    size_t count = 0;
    size_t capacity = 0;
    DIR *folder = opendir("/proc");
    *list = NULL;
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        struct aq_process_entry one = {.pid = atoi(entry->d_name)};
        if (one.pid <= 0 || !read_entry(dirfd(folder), entry->d_name, &one) || one.state == 'Z')
            continue;
        if (count == capacity) {
            struct aq_process_entry *larger = realloc(*list, (capacity + 256) * sizeof *larger);
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

bool aq_process_is_kernel(pid_t pid)
{
    char number[16];
    struct aq_process_entry entry;
    snprintf(number, sizeof number, "%d", (int)pid);
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool found = proc >= 0 && read_entry(proc, number, &entry);
    if (proc >= 0)
        close(proc);
    return !found || entry.kernel;
}
