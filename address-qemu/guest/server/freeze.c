/* SPDX-License-Identifier: MIT */
#include "guest/server/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/server/cgroup.h"
#include "guest/server/processes.h"
#include "guest/server/session.h"

#define OWN_GROUP "address-qemu"
#define STRAY_GROUP "address-qemu.rest"

/* What cannot be frozen within this time - it waits for a disk that does not answer - will not be. */
#define FREEZE_MS 4000
/* Whoever starts processes faster than they can be moved is not frozen. */
#define ROUNDS 100
#define GROUPS_MAX 64
/* The kernel's processes that are remembered, and for how long: a number is not used again so soon. */
#define KNOWN_MAX 1024
#define KNOWN_MS 10000

/* The freeze that is in force. */
static struct {
    int root; /* of the hierarchy */
    int64_t ends_at;
    unsigned count;
    char groups[GROUPS_MAX][AQ_CGROUP_PATH]; /* that were frozen here, and not before */
} freezer = {.root = -1};

static char reason[256];

static struct {
    int64_t since;
    unsigned count;
    pid_t pids[KNOWN_MAX];
} known;

static bool is_kernel(pid_t pid)
{
    for (unsigned i = 0; i < known.count; i++)
        if (known.pids[i] == pid)
            return true;
    bool kernel = aq_process_is_kernel(pid);
    if (kernel && known.count < KNOWN_MAX)
        known.pids[known.count++] = pid;
    return kernel;
}

static void forget_if_old(void)
{
    int64_t now = aq_server_now_ms();
    if (now - known.since <= KNOWN_MS)
        return;
    known.count = 0;
    known.since = now;
}

/* Moves the processes of a group, but for this one and the kernel's, to the group of strays. How many. */
static unsigned move_strays(const char *group)
{
    char path[AQ_CGROUP_PATH];
    char line[32];
    unsigned moved = 0;
    snprintf(path, sizeof path, "%s%scgroup.procs", group, group[0] != '\0' ? "/" : "");
    int fd = openat(freezer.root, path, O_RDONLY | O_CLOEXEC);
    FILE *list = fd < 0 ? NULL : fdopen(fd, "r");
    while (list != NULL && fgets(line, sizeof line, list) != NULL) {
        pid_t pid = atoi(line);
        if (pid > 0 && pid != getpid() && !is_kernel(pid) && aq_cgroup_move(freezer.root, STRAY_GROUP, pid))
            moved++;
    }
    if (list != NULL)
        fclose(list);
    return moved;
}

static unsigned move_all_strays(void)
{
    return move_strays("") + move_strays(OWN_GROUP);
}

static bool freeze_group(void *data, const char *group)
{
    (void)data;
    if (strcmp(group, OWN_GROUP) == 0 || aq_cgroup_read(freezer.root, group, "cgroup.freeze", NULL) != 0)
        return true; /* or somebody has frozen it, and will thaw it */
    if (freezer.count == GROUPS_MAX || !aq_cgroup_write(freezer.root, group, "cgroup.freeze", "1")) {
        snprintf(reason, sizeof reason, "the control group %s cannot be frozen: %s", group, strerror(errno));
        return false;
    }
    snprintf(freezer.groups[freezer.count++], AQ_CGROUP_PATH, "%s", group);
    return true;
}

/* Waits until a group stands still. Its file of events gives word of it. */
static bool wait_frozen(const char *group, int64_t deadline)
{
    char path[AQ_CGROUP_PATH + 32];
    snprintf(path, sizeof path, "%s/cgroup.events", group);
    int fd = openat(freezer.root, path, O_RDONLY | O_CLOEXEC);
    struct pollfd event = {.fd = fd, .events = POLLPRI};
    int frozen = 0;
    for (;;) {
        char seen[128];
        frozen = aq_cgroup_read(freezer.root, group, "cgroup.events", "frozen");
        int64_t left = deadline - aq_server_now_ms();
        if (frozen != 0 || left <= 0 || fd < 0)
            break;
        if (pread(fd, seen, sizeof seen, 0) < 0) /* what has been read is not told again */
            break;
        poll(&event, 1, left < 50 ? (int)left : 50);
    }
    if (fd >= 0)
        close(fd);
    return frozen != 0; /* a group that is gone stands still, too */
}

/* The process that holds it up: one that waits for a device in a way that no signal ends. */
static void name_culprit(const char *group)
{
    struct aq_process_entry *list;
    size_t count = aq_processes_list(&list);
    snprintf(reason, sizeof reason, "not all processes of the control group %s can be frozen", group);
    for (size_t i = 0; i < count; i++)
        if (!list[i].kernel && list[i].state == 'D')
            snprintf(reason, sizeof reason, "the process %d (%s) waits for a device and cannot be frozen",
                     (int)list[i].pid, list[i].name);
    free(list);
}

static bool freeze_all(void)
{
    int64_t deadline = aq_server_now_ms() + FREEZE_MS;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned strays = move_all_strays();
        unsigned before = freezer.count;
        if (!aq_cgroup_each(freezer.root, freeze_group, NULL))
            return false;
        for (unsigned i = 0; i < freezer.count; i++)
            if (!wait_frozen(freezer.groups[i], deadline)) {
                name_culprit(freezer.groups[i]);
                return false;
            }
        if (strays == 0 && freezer.count == before)
            return true; /* nothing was left that could have started another one */
    }
    snprintf(reason, sizeof reason, "processes are started faster than they can be frozen");
    return false;
}

/* While it repairs a clone, this process comes before the others, which begin to run as they are thawed. */
static void come_first(bool first)
{
    const struct sched_param priority = {.sched_priority = first ? 1 : 0};
    sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER, &priority);
}

static void close_root(void)
{
    if (freezer.root >= 0)
        close(freezer.root);
    freezer.root = -1;
}

static void let_go(void)
{
    for (unsigned i = 0; i < freezer.count; i++)
        aq_cgroup_write(freezer.root, freezer.groups[i], "cgroup.freeze", "0");
    close_root();
    freezer.count = 0;
    freezer.ends_at = 0;
}

static bool prepare(void)
{
    freezer.root = aq_cgroup_root();
    if (freezer.root < 0) {
        snprintf(reason, sizeof reason, "the guest's kernel has no control groups of version 2: %s",
                 strerror(errno));
        return false;
    }
    if (!aq_cgroup_make(freezer.root, OWN_GROUP) || !aq_cgroup_make(freezer.root, STRAY_GROUP)) {
        snprintf(reason, sizeof reason, "no control group can be made in the guest: %s", strerror(errno));
    } else if (aq_cgroup_read(freezer.root, STRAY_GROUP, "cgroup.freeze", NULL) < 0) {
        snprintf(reason, sizeof reason, "the guest's kernel cannot freeze control groups (it can since 5.2)");
    } else if (!aq_cgroup_is_own(OWN_GROUP) && !aq_cgroup_move(freezer.root, OWN_GROUP, getpid())) {
        snprintf(reason, sizeof reason, "the helper cannot move to a control group of its own: %s",
                 strerror(errno));
    } else {
        return true;
    }
    return false;
}

void aq_freeze_prepare(const char **why)
{
    *why = reason;
    reason[0] = '\0';
    aq_thaw();
    forget_if_old();
    if (prepare())
        move_all_strays();
    close_root();
}

bool aq_freeze(int64_t patience_ms, const char **why)
{
    *why = reason;
    reason[0] = '\0';
    aq_thaw();
    forget_if_old();
    if (prepare() && freeze_all()) {
        freezer.ends_at = aq_server_now_ms() + patience_ms;
        come_first(true);
        return true;
    }
    if (freezer.root >= 0)
        let_go();
    return false;
}

bool aq_thaw(void)
{
    if (freezer.root < 0)
        return false;
    let_go();
    return true;
}

int64_t aq_freeze_ends_at(void)
{
    return freezer.ends_at;
}

void aq_freeze_tick(void)
{
    if (freezer.ends_at == 0 || aq_server_now_ms() < freezer.ends_at)
        return;
    aq_thaw();
    aq_freeze_over();
}

void aq_freeze_over(void)
{
    come_first(false);
}
