/* SPDX-License-Identifier: MIT */
/* GET: a regular file, sent as credit allows. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/server/session.h"

#define CHUNK AQ_WIRE_PAYLOAD_MAX

struct get {
    struct aq_operation operation;
    int fd;
    mode_t mode;
    uint64_t size;
    uint32_t crc;
};

static bool get_frame(struct aq_session *session, struct aq_operation *operation,
                      const struct aq_frame *frame)
{
    if (frame->type != AQ_WIRE_CANCEL)
        return false;
    aq_operation_fail(session, operation, ECANCELED, "cancelled");
    return true;
}

static void get_pump(struct aq_session *session, struct aq_operation *operation)
{
    struct get *get = (struct get *)operation;
    if (operation->may_send == 0 || !aq_session_has_room(session, CHUNK))
        return;
    unsigned char *to = aq_wire_reserve(&session->queue, CHUNK);
    ssize_t got = read(get->fd, to, operation->may_send < CHUNK ? operation->may_send : CHUNK);
    if (got < 0) {
        aq_operation_fail(session, operation, errno, "cannot read the file");
    } else if (got == 0) {
        aq_operation_done(session, operation, get->size, get->crc, get->mode);
    } else {
        get->size += (uint64_t)got;
        get->crc = aq_crc32(get->crc, to, (size_t)got);
        operation->may_send -= (uint32_t)got;
        aq_wire_commit(&session->queue, AQ_WIRE_DATA, operation->channel, (size_t)got);
    }
}

/* There is nothing to wait for: a regular file can always be read. */
static unsigned get_polls(struct aq_session *session, struct aq_operation *operation, struct pollfd *polls)
{
    (void)polls;
    operation->ready = operation->may_send > 0 && aq_session_has_room(session, CHUNK);
    return 0;
}

static void get_release(struct aq_operation *operation)
{
    struct get *get = (struct get *)operation;
    close(get->fd);
    free(get);
}

static const struct aq_operation_kind get_kind = {get_frame, get_pump, get_polls, get_release};

/* Opens without waiting for a fifo's other end, and refuses all but regular files. */
static int open_regular(const char *path, mode_t *mode)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -1;
    int problem = fstat(fd, &status) < 0     ? errno
                  : S_ISDIR(status.st_mode)  ? EISDIR
                  : !S_ISREG(status.st_mode) ? EINVAL
                                             : 0;
    if (problem == 0) {
        *mode = status.st_mode & 07777;
        return fd;
    }
    close(fd);
    errno = problem;
    return -1;
}

struct aq_operation *aq_get_start(const unsigned char *request, size_t length, const char **what)
{
    const unsigned char *from = request;
    const char *path = aq_wire_string(&from, request + length);
    *what = "the request cannot be read";
    errno = EINVAL;
    if (path == NULL || path[0] != '/')
        return NULL;
    *what = "cannot open it as a regular file";
    mode_t mode;
    int fd = open_regular(path, &mode);
    struct get *get = fd < 0 ? NULL : calloc(1, sizeof *get);
    if (get == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    get->operation.kind = &get_kind;
    get->fd = fd;
    get->mode = mode;
    return &get->operation;
}
