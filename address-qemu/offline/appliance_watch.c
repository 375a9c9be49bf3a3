/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "offline/appliance_session.h"
#include "util/process.h"
#include "util/wait.h"

enum { ENDING_MS = 10000 };

/* QEMU's process is still our child, not waited for: its number cannot be another's. */
static bool find_qemu(const struct aq_appliance *appliance, struct aq_process_id *id)
{
    char text[32] = "";
    if (readlinkat(appliance->folder.folder, "pid", text, sizeof text - 1) <= 0)
        return false;
    pid_t pid = (pid_t)strtol(text, NULL, 10);
    return pid > 1 && aq_process_identify(pid, id);
}

void aq_appliance_kill(const struct aq_appliance *appliance)
{
    struct aq_process_id id;
    if (find_qemu(appliance, &id))
        aq_process_signal(&id, SIGKILL);
}

void aq_appliance_end(const struct aq_appliance *appliance)
{
    struct aq_process_id id;
    struct aq_error ignored = {0};
    if (!find_qemu(appliance, &id))
        return;
    aq_process_signal(&id, SIGKILL);
    aq_process_wait_gone(&id, aq_after_ms(ENDING_MS), &ignored);
}

/* How often an interruption is acted on again: QEMU may not have been started yet when it came. */
#define AGAIN_MS 100

static void *watch(void *data)
{
    const struct aq_appliance *appliance = data;
    for (;;) {
        struct aq_error interrupted = {0};
        struct pollfd stop = {.fd = appliance->stop, .events = POLLIN};
        int ready = aq_poll(&stop, 1, AQ_FOREVER, &interrupted);
        if (ready > 0)
            return NULL;
        if (ready < 0) {
            aq_appliance_kill(appliance);
            if (aq_poll_ending(&stop, 1, aq_after_ms(AGAIN_MS), &interrupted) > 0)
                return NULL;
        }
    }
}

int aq_appliance_watch(struct aq_appliance *appliance, struct aq_error *err)
{
    sigset_t all, before;
    appliance->stop = eventfd(0, EFD_CLOEXEC);
    if (appliance->stop < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make an eventfd");
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the session's thread's */
    int failure = pthread_create(&appliance->watcher, NULL, watch, appliance);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return aq_fail_errno(err, AQ_E_IO, failure, "cannot start a thread");
    appliance->watched = true;
    return 0;
}

void aq_appliance_unwatch(struct aq_appliance *appliance)
{
    uint64_t one = 1;
    if (appliance->watched && write(appliance->stop, &one, sizeof one) == sizeof one)
        pthread_join(appliance->watcher, NULL);
    appliance->watched = false;
    aq_cleanup_close(&appliance->stop);
    appliance->stop = -1;
}
