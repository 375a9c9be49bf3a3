/* SPDX-License-Identifier: MIT */
#include "qemu/port_owner.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/memory.h"

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}
#define aq_autoclosedir aq_cleanup(close_dir)

/* The inode of the socket that holds the port, from one of /proc/net's tables; 0 if none does. */
static uint64_t find_inode(const char *table, uint16_t number)
{
    aq_autofree char *path = aq_format("/proc/net/%s", table);
    aq_autofclose FILE *file = fopen(path, "re");
    char line[512];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned port, state;
        uint64_t inode;
        if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*d %*d %" SCNu64, &port, &state,
                   &inode) != 3 ||
            port != number)
            continue;
        bool listens = state == 0x0a || strncmp(table, "udp", 3) == 0; /* TCP_LISTEN */
        if (listens && inode != 0)
            return inode;
    }
    return 0;
}

/* Has the process that socket open? */
static bool has_socket(const char *pid, uint64_t inode)
{
    aq_autofree char *path = aq_format("/proc/%s/fd", pid);
    aq_autofree char *wanted = aq_format("socket:[%" PRIu64 "]", inode);
    aq_autoclosedir DIR *fds = opendir(path);
    const struct dirent *fd;
    while (fds != NULL && (fd = readdir(fds)) != NULL) {
        char target[64];
        ssize_t length = readlinkat(dirfd(fds), fd->d_name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (strcmp(target, wanted) == 0)
            return true;
    }
    return false;
}

/* The process's name, without what a terminal or a log could take amiss. */
static char *describe(const char *pid)
{
    aq_autofree char *path = aq_format("/proc/%s/comm", pid);
    aq_autofclose FILE *file = fopen(path, "re");
    char name[32] = "a program";
    if (file != NULL && fgets(name, sizeof name, file) != NULL)
        name[strcspn(name, "\n")] = '\0';
    for (char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    return aq_format("%s (process %s)", name, pid);
}

char *aq_port_owner(const char *protocol, uint16_t number)
{
    uint64_t inode = find_inode(protocol, number);
    if (inode == 0) { /* a socket of both families is in the other table */
        aq_autofree char *table = aq_format("%s6", protocol);
        inode = find_inode(table, number);
    }
    aq_autoclosedir DIR *processes = inode != 0 ? opendir("/proc") : NULL;
    const struct dirent *process;
    while (processes != NULL && (process = readdir(processes)) != NULL)
        if (process->d_name[0] >= '1' && process->d_name[0] <= '9' && has_socket(process->d_name, inode))
            return describe(process->d_name);
    return NULL;
}
