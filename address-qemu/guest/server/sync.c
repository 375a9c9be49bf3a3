/* SPDX-License-Identifier: MIT */
/* SYNC: in a process of its own, because it may take long and the port has to be served meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "guest/server/session.h"

struct flush {
    struct aq_operation operation;
    int pipe; /* at its end when the process is done */
};

static bool sync_frame(struct aq_session *session, struct aq_operation *operation,
                       const struct aq_frame *frame)
{
    if (frame->type != AQ_WIRE_CANCEL)
        return false;
    aq_operation_fail(session, operation, ECANCELED, "cancelled");
    return true;
}

static void sync_pump(struct aq_session *session, struct aq_operation *operation)
{
    char byte;
    ssize_t got = read(((struct flush *)operation)->pipe, &byte, 1);
    if (got == 1)
        aq_operation_done(session, operation, 0, 0, 0);
    else if (got == 0 || errno != EAGAIN)
        aq_operation_fail(session, operation, EIO, "the process that synced was killed");
}

static unsigned sync_polls(struct aq_session *session, struct aq_operation *operation, struct pollfd *polls)
{
    (void)session;
    polls[0] = (struct pollfd){.fd = ((struct flush *)operation)->pipe, .events = POLLIN};
    return 1;
}

static void sync_release(struct aq_operation *operation)
{
    close(((struct flush *)operation)->pipe);
    free(operation);
}

static const struct aq_operation_kind sync_kind = {sync_frame, sync_pump, sync_polls, sync_release};

/* The child keeps nothing open but its pipe, so that the port and others' pipes can close meanwhile. */
__attribute__((noreturn)) static void run_sync(int pipe_end)
{
    dup2(pipe_end, 0);
    close_range(1, ~0U, 0);
    sync();
    _exit(write(0, "", 1) == 1 ? 0 : 1);
}

struct aq_operation *aq_sync_start(const unsigned char *request, size_t length, const char **what)
{
    struct flush *flush = calloc(1, sizeof *flush);
    int ends[2];
    (void)request;
    (void)length;
    *what = "cannot start a process";
    if (flush == NULL || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        free(flush);
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0)
        run_sync(ends[1]);
    int saved = errno;
    close(ends[1]);
    flush->operation.kind = &sync_kind;
    flush->pipe = ends[0];
    errno = saved;
    if (pid > 0)
        return &flush->operation;
    sync_release(&flush->operation);
    errno = saved;
    return NULL;
}
