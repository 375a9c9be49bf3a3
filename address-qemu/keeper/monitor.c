/* SPDX-License-Identifier: MIT */
#include "keeper/monitor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "keeper/check.h"
#include "keeper/watches.h"
#include "util/cleanup.h"
#include "util/syscalls.h"
#include "vm/monitoring.h"

enum {
    CHILDREN_MAX = 8,
    SCAN_MS = 60000,
    LOOK_MS = 5000, /* at the latest: is the store still there? */
};

struct monitor {
    struct aq_keeper keeper;
    struct aq_watches watches;
    aq_deadline scan_at;
};

/* The child: ends with us, whatever ends us. */
static _Noreturn void check_and_exit(struct monitor *monitor, const char *vm, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    aq_keeper_drop(&monitor->keeper);
    if (getppid() == parent)
        aq_check_health(&monitor->keeper, vm);
    _exit(0);
}

static void begin(struct monitor *monitor, struct aq_watch *watch)
{
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0)
        check_and_exit(monitor, watch->vm, parent);
    if (child < 0) {
        aq_keeper_log(&monitor->keeper, "%s: no process for its check: %s", watch->vm, strerror(errno));
        watch->due = aq_after_ms(watch->interval);
        return;
    }
    watch->child = child;
    watch->pidfd = aq_sys_pidfd_open(child);
    monitor->watches.children++;
}

static void scan(struct monitor *monitor)
{
    struct aq_error err = {0};
    monitor->scan_at = aq_after_ms(SCAN_MS);
    if (aq_watches_scan(&monitor->watches, &err) < 0)
        aq_keeper_log(&monitor->keeper, "cannot look at the VMs: %s", err.text);
}

static bool is_idle(void *data)
{
    const struct monitor *monitor = data;
    return monitor->watches.children == 0 && !aq_monitoring_has_work(monitor->keeper.folder);
}

static enum aq_keeper_event wait_for_work(struct monitor *monitor)
{
    aq_autofree struct pollfd *fds = NULL;
    aq_deadline until = aq_after_ms(LOOK_MS), next = aq_watches_next(&monitor->watches);
    unsigned count = aq_watches_polls(&monitor->watches, &fds);
    if (monitor->watches.children < CHILDREN_MAX && next < until)
        until = next;
    return aq_keeper_wait(&monitor->keeper, fds, count, until);
}

/* False when it has to end. */
static bool work(struct monitor *monitor)
{
    struct aq_watch *watch;
    aq_watches_reap(&monitor->watches);
    if (aq_ms_left(monitor->scan_at) == 0)
        scan(monitor);
    if (monitor->watches.count == 0 && aq_keeper_may_end(&monitor->keeper, is_idle, monitor))
        return false;
    while (monitor->watches.children < CHILDREN_MAX && (watch = aq_watches_due(&monitor->watches)) != NULL)
        begin(monitor, watch);
    switch (wait_for_work(monitor)) {
    case AQ_KEEPER_LOOK:
        monitor->scan_at = aq_now();
        break;
    case AQ_KEEPER_END:
        aq_watches_end(&monitor->watches);
        aq_keeper_log(&monitor->keeper, "ends: it was told to");
        return false;
    case AQ_KEEPER_DUE:
        break;
    }
    return true;
}

int aq_monitor(char **arguments)
{
    struct monitor monitor = {.scan_at = aq_now()};
    struct aq_error err = {0};
    int became = aq_keeper_become(AQ_MONITOR, arguments, &monitor.keeper, &err);
    while (became > 0 && work(&monitor)) {
    }
    aq_watches_free(&monitor.watches);
    return became < 0;
}
