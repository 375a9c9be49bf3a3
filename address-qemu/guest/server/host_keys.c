/* SPDX-License-Identifier: MIT */
#include "guest/server/host_keys.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/server/processes.h"

#define SERVERS_MAX 64

static struct {
    pid_t pid;
    int signal;
} servers[SERVERS_MAX];
static size_t server_count;

static const struct {
    const char *folder, *prefix, *suffix;
} places[] = {
    {"/etc/ssh", "ssh_host_", "_key"},
    {"/etc/dropbear", "dropbear_", "_host_key"},
};

static bool matches(const char *name, const char *prefix, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return strncmp(name, prefix, strlen(prefix)) == 0 && length > strlen(prefix) + tail &&
           strcmp(name + length - tail, suffix) == 0;
}

unsigned aq_host_keys_list(char *to, size_t room, size_t *length)
{
    unsigned count = 0;
    *length = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        DIR *folder = opendir(places[i].folder);
        for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
            if (!matches(entry->d_name, places[i].prefix, places[i].suffix))
                continue;
            int size = snprintf(to + *length, room - *length, "%s/%s", places[i].folder, entry->d_name) + 1;
            if ((size_t)size > room - *length)
                break;
            *length += (size_t)size;
            count++;
        }
        if (folder != NULL)
            closedir(folder);
    }
    return count;
}

/* OpenSSH reads its keys for each connection, until 9.8; since then, when sshd-session is a program of its
   own, once, and again on SIGHUP. */
static bool keeps_keys(void)
{
    static const char *const paths[] = {"/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session",
                                        "/usr/lib/ssh/sshd-session", "/usr/libexec/sshd-session"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access(paths[i], F_OK) == 0)
            return true;
    return false;
}

static void note(pid_t pid, int signal_number)
{
    if (server_count == SERVERS_MAX)
        return;
    servers[server_count].pid = pid;
    servers[server_count++].signal = signal_number;
}

void aq_host_keys_note_servers(void)
{
    struct aq_process_entry *list;
    size_t count = aq_processes_list(&list);
    bool sshd_keeps = keeps_keys();
    server_count = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, "dropbear") == 0)
            note(list[i].pid, SIGKILL); /* it cannot be told; what watches over it starts it again */
        else if (sshd_keeps && strcmp(list[i].name, "sshd") == 0 && list[i].parent == 1)
            note(list[i].pid, SIGHUP);
    free(list);
}

void aq_host_keys_renewed(void)
{
    for (size_t i = 0; i < server_count; i++)
        kill(servers[i].pid, servers[i].signal);
    server_count = 0;
}
