/* SPDX-License-Identifier: MIT */
#include "guest/server/fs_freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/server/fs_list.h"

#define PATIENCE_MAX_MS 60000

/* What the process that holds them frozen says, each in one write. */
struct report {
    char what; /* 'F' frozen, 'T' thawed in time, 'L' thawed because its time was over, 'E' failed */
    int errnum;
    unsigned count; /* of file systems */
    char where[64];
};

/* That process, as the server knows it. */
static struct {
    int control; /* its end is closed to have it let go; -1: there is none */
    int reports;
} holder = {-1, -1};

static void send_report(int to, char what, unsigned count, const char *where)
{
    struct report report = {.what = what, .errnum = errno, .count = count};
    if (where != NULL)
        strncpy(report.where, where, sizeof report.where - 1);
    if (write(to, &report, sizeof report) < 0)
        return; /* nobody wants to know any more */
}

/* In the process of its own: everything that it needs is in memory before the first file system is frozen. */
static _Noreturn void hold(int control, int reports, unsigned patience_ms)
{
    static struct aq_fs_list list;
    dup2(control, 0);
    dup2(reports, 1);
    close_range(2, ~0U, 0);
    signal(SIGTERM, SIG_IGN);
    if (!aq_fs_list_open(&list)) {
        send_report(1, 'E', 0, "the list of mounts cannot be read");
        _exit(1);
    }
    sync(); /* most of the work is done before anybody has to wait */
    const char *where = aq_fs_list_freeze(&list);
    if (where != NULL) {
        int saved = errno;
        aq_fs_list_thaw(&list);
        errno = saved;
        send_report(1, 'E', 0, where);
        _exit(1);
    }
    send_report(1, 'F', list.count, NULL);
    struct pollfd told = {.fd = 0, .events = POLLIN};
    int came = poll(&told, 1, (int)patience_ms);
    aq_fs_list_thaw(&list);
    send_report(1, came > 0 ? 'T' : 'L', list.count, NULL);
    _exit(0);
}

static bool start_holder(unsigned patience_ms, const char **what)
{
    int control[2], reports[2];
    *what = "cannot start a process";
    if (pipe2(control, O_CLOEXEC) < 0)
        return false;
    if (pipe2(reports, O_CLOEXEC | O_NONBLOCK) < 0) {
        close(control[0]);
        close(control[1]);
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(control[1]);
        hold(control[0], reports[1], patience_ms);
    }
    int saved = errno;
    close(control[0]);
    close(reports[1]);
    holder.control = control[1];
    holder.reports = reports[0];
    if (pid < 0)
        aq_fs_freeze_end();
    errno = saved;
    return pid > 0;
}

void aq_fs_freeze_end(void)
{
    if (holder.control >= 0)
        close(holder.control);
    if (holder.reports >= 0)
        close(holder.reports);
    holder.control = holder.reports = -1;
}

/* Both operations wait for the next report. */
static void pump(struct aq_session *session, struct aq_operation *operation)
{
    struct report report;
    ssize_t got = holder.reports >= 0 ? read(holder.reports, &report, sizeof report) : 0;
    if (got < 0 && errno == EAGAIN)
        return;
    if (got == sizeof report && report.what == 'F') {
        aq_operation_done(session, operation, report.count, 0, 1);
        return;
    }
    aq_fs_freeze_end();
    if (got != sizeof report)
        aq_operation_fail(session, operation, EIO, "the process that froze the file systems was killed");
    else if (report.what == 'E')
        aq_operation_fail(session, operation, report.errnum, report.where);
    else
        aq_operation_done(session, operation, report.count, 0, report.what == 'T');
}

static bool take_frame(struct aq_session *session, struct aq_operation *operation,
                       const struct aq_frame *frame)
{
    if (frame->type != AQ_WIRE_CANCEL)
        return false;
    aq_fs_freeze_end();
    aq_operation_fail(session, operation, ECANCELED, "cancelled");
    return true;
}

static unsigned polls(struct aq_session *session, struct aq_operation *operation, struct pollfd *polls)
{
    (void)session, (void)operation;
    polls[0] = (struct pollfd){.fd = holder.reports, .events = POLLIN};
    return 1;
}

static void release(struct aq_operation *operation)
{
    free(operation);
}

static struct aq_operation *new_operation(void)
{
    static const struct aq_operation_kind kind = {take_frame, pump, polls, release};
    struct aq_operation *operation = calloc(1, sizeof *operation);
    if (operation != NULL)
        operation->kind = &kind;
    return operation;
}

struct aq_operation *aq_fs_freeze_start(const unsigned char *request, size_t length, const char **what)
{
    *what = "the request cannot be read, or something is frozen already";
    errno = EINVAL;
    if (length != 4 || holder.control >= 0)
        return NULL;
    unsigned patience = aq_wire_get32(request);
    if (!start_holder(patience < PATIENCE_MAX_MS ? patience : PATIENCE_MAX_MS, what))
        return NULL;
    return new_operation();
}

struct aq_operation *aq_fs_thaw_start(const unsigned char *request, size_t length, const char **what)
{
    (void)request, (void)length;
    *what = "nothing is frozen";
    errno = EINVAL;
    if (holder.control < 0)
        return NULL;
    close(holder.control);
    holder.control = -1;
    return new_operation();
}
