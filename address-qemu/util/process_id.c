/* SPDX-License-Identifier: MIT */
/* Which process a pid means: known by its start time, held by a pidfd. */
#include "util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/syscalls.h"

/* /proc/PID/stat (proc(5)): "PID (NAME) STATE …"; the name may hold anything, so the last ')' ends it. State
   is the third field, the number of threads the 20th, start time the 22nd. A zombie with threads is a process
   whose first thread has ended before the others: it still has its files and their locks. No allocation and
   no stdio streams: also used between fork and exec. */
bool aq_process_identify(pid_t pid, struct aq_process_id *id)
{
    if (pid <= 0)
        return false;
    char text[1024];
    snprintf(text, sizeof text, "/proc/%d/stat", (int)pid);
    aq_autoclose int fd = open(text, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (length <= 0)
        return false;
    text[length] = '\0';

    const char *field = strrchr(text, ')');
    if (field == NULL || field[1] != ' ')
        return false;
    bool dead = strchr("ZXx", field[2]) != NULL;
    for (int number = 2; number < 22; number++) {
        field = strchr(field + 1, ' ');
        if (field == NULL)
            return false;
        if (number + 1 == 20 && dead && strtol(field + 1, NULL, 10) <= 1)
            return false;
    }
    *id = (struct aq_process_id){.pid = pid, .start_time = strtoull(field + 1, NULL, 10)};
    return true;
}

bool aq_process_alive(const struct aq_process_id *id)
{
    struct aq_process_id now;
    return aq_process_identify(id->pid, &now) && now.start_time == id->start_time;
}

/* A pidfd of exactly that process; -1 when it is gone (ESRCH) or the kernel gives none. The identity is
   looked at after opening: if the pid still has its start time, the descriptor is of it as well. */
static int open_process(const struct aq_process_id *id)
{
    if (id->pid <= 0) {
        errno = ESRCH;
        return -1;
    }
    int fd = aq_sys_pidfd_open(id->pid);
    if (fd >= 0 && !aq_process_alive(id)) {
        close(fd);
        errno = ESRCH;
        return -1;
    }
    return fd;
}

bool aq_process_signal(const struct aq_process_id *id, int signal_number)
{
    aq_autoclose int fd = open_process(id);
    return fd >= 0 && aq_sys_pidfd_send_signal(fd, signal_number) == 0;
}

int aq_process_wait_gone(const struct aq_process_id *id, aq_deadline deadline, struct aq_error *err)
{
    aq_autoclose int fd = open_process(id);
    if (fd < 0 && errno == ESRCH)
        return 1;
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot watch process %d", (int)id->pid);
    return aq_wait_fd(fd, POLLIN, deadline, err);
}
