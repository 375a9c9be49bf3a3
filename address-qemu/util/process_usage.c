/* SPDX-License-Identifier: MIT */
#include "util/process_usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

enum { TEXT_MAX = 4096 };

/* A file of /proc/PID, whole; "" when it cannot be read. */
static const char *read_proc(pid_t pid, const char *name, char text[TEXT_MAX])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, TEXT_MAX - 1) : -1;
    text[length > 0 ? length : 0] = '\0';
    return text;
}

/* The number behind a label at the start of a line; -1 when it is not there. */
static int64_t labelled(const char *text, const char *label)
{
    size_t length = strlen(label);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, label, length) == 0)
            return strtoll(line + length, NULL, 10);
    }
    return -1;
}

static int64_t kibibytes(const char *text, const char *label)
{
    int64_t number = labelled(text, label);
    return number < 0 ? -1 : number * 1024;
}

/* Fields 14 and 15 of stat (user and system time, in clock ticks) and 20 (threads). The name, field 2, may
 * hold anything. */
static void read_stat(const char *text, struct aq_process_usage *usage)
{
    unsigned long user, system;
    long threads;
    const char *end = strrchr(text, ')');
    if (end == NULL ||
        sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld", &user,
               &system, &threads) != 3)
        return;
    usage->cpu_ms = (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
    usage->threads = threads;
}

bool aq_process_usage(const struct aq_process_id *id, struct aq_process_usage *usage)
{
    char text[TEXT_MAX];
    *usage = (struct aq_process_usage){-1, -1, -1, -1, -1, -1};
    read_stat(read_proc(id->pid, "stat", text), usage);
    read_proc(id->pid, "smaps_rollup", text);
    usage->rss = kibibytes(text, "Rss:");
    usage->pss = kibibytes(text, "Pss:");
    read_proc(id->pid, "io", text);
    usage->bytes_read = labelled(text, "read_bytes: ");
    usage->bytes_written = labelled(text, "write_bytes: ");
    return aq_process_alive(id); /* looked at last: then all of the above was its own */
}
