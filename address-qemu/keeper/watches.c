/* SPDX-License-Identifier: MIT */
#include "keeper/watches.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/syscalls.h"
#include "vm/health.h"
#include "vm/restart.h"

enum { ENDS_MS = 20000, LOOK_MS = 20 };

static struct aq_watch *find(struct aq_watches *watches, const char *vm)
{
    for (size_t i = 0; i < watches->count; i++)
        if (strcmp(watches->items[i].vm, vm) == 0)
            return &watches->items[i];
    return NULL;
}

static struct aq_watch *add(struct aq_watches *watches, const char *vm)
{
    watches->items = aq_realloc(watches->items, (watches->count + 1) * sizeof *watches->items);
    struct aq_watch *watch = &watches->items[watches->count++];
    *watch = (struct aq_watch){.vm = aq_strdup(vm), .pidfd = -1};
    return watch;
}

static void scan_vm(struct aq_watches *watches, const char *vm)
{
    struct aq_error ignored = {0};
    aq_autohealthcheck struct aq_health_check check = {0};
    aq_autoclose int folder = aq_vm_open(vm, &ignored);
    if (folder < 0 || aq_health_check_read(folder, vm, &check, &ignored) <= 0 || !check.enabled)
        return;
    struct aq_watch *watch = find(watches, vm);
    if (watch == NULL)
        watch = add(watches, vm);
    if (watch->interval != check.interval)
        watch->due = aq_now();
    watch->interval = check.interval;
    watch->wanted = true;
}

/* Those that have no check any more, and none under way. */
static void sweep(struct aq_watches *watches)
{
    size_t kept = 0;
    for (size_t i = 0; i < watches->count; i++) {
        struct aq_watch *watch = &watches->items[i];
        if (watch->wanted || watch->child != 0)
            watches->items[kept++] = *watch;
        else
            free(watch->vm);
    }
    watches->count = kept;
}

int aq_watches_scan(struct aq_watches *watches, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (aq_vm_list(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < watches->count; i++)
        watches->items[i].wanted = false;
    for (size_t i = 0; i < names.count; i++)
        scan_vm(watches, names.items[i]);
    sweep(watches);
    return 0;
}

static void ended(struct aq_watches *watches, struct aq_watch *watch)
{
    watch->child = 0;
    aq_cleanup_close(&watch->pidfd);
    watch->pidfd = -1;
    watch->due = aq_after_ms(watch->interval);
    watches->children--;
}

void aq_watches_reap(struct aq_watches *watches)
{
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        for (size_t i = 0; i < watches->count; i++)
            if (watches->items[i].child == pid)
                ended(watches, &watches->items[i]);
    sweep(watches);
}

struct aq_watch *aq_watches_due(struct aq_watches *watches)
{
    struct aq_watch *first = NULL;
    for (size_t i = 0; i < watches->count; i++) {
        struct aq_watch *watch = &watches->items[i];
        if (watch->child == 0 && aq_ms_left(watch->due) == 0 && (first == NULL || watch->due < first->due))
            first = watch;
    }
    return first;
}

aq_deadline aq_watches_next(const struct aq_watches *watches)
{
    aq_deadline next = AQ_FOREVER;
    for (size_t i = 0; i < watches->count; i++)
        if (watches->items[i].child == 0 && watches->items[i].due < next)
            next = watches->items[i].due;
    return next;
}

unsigned aq_watches_polls(const struct aq_watches *watches, struct pollfd **fds)
{
    unsigned count = 0;
    *fds = aq_alloc((watches->count + 1) * sizeof **fds);
    for (size_t i = 0; i < watches->count; i++)
        if (watches->items[i].pidfd >= 0)
            (*fds)[count++] = (struct pollfd){.fd = watches->items[i].pidfd, .events = POLLIN};
    return count;
}

static void ask_all(const struct aq_watches *watches)
{
    for (size_t i = 0; i < watches->count; i++)
        if (watches->items[i].pidfd >= 0)
            aq_sys_pidfd_send_signal(watches->items[i].pidfd, SIGTERM);
}

/* Those that wait for an answer that does not come; not one that has told a guest to power off. */
static void kill_hanging(const struct aq_watches *watches)
{
    for (size_t i = 0; i < watches->count; i++) {
        struct aq_error ignored = {0};
        struct aq_process_id run;
        const struct aq_watch *watch = &watches->items[i];
        if (watch->pidfd < 0)
            continue;
        aq_autoclose int folder = aq_vm_open(watch->vm, &ignored);
        if (folder < 0 || !aq_restart_pending(folder, &run))
            aq_sys_pidfd_send_signal(watch->pidfd, SIGKILL);
    }
}

void aq_watches_end(struct aq_watches *watches)
{
    aq_deadline deadline = aq_after_ms(ENDS_MS);
    ask_all(watches);
    for (;;) {
        aq_watches_reap(watches);
        if (watches->children == 0)
            return;
        if (aq_ms_left(deadline) == 0)
            kill_hanging(watches);
        poll(NULL, 0, LOOK_MS);
    }
}

void aq_watches_free(struct aq_watches *watches)
{
    for (size_t i = 0; i < watches->count; i++) {
        free(watches->items[i].vm);
        aq_cleanup_close(&watches->items[i].pidfd);
    }
    free(watches->items);
    *watches = (struct aq_watches){0};
}
