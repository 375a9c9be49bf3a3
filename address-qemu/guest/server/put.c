/* SPDX-License-Identifier: MIT */
/*
 * PUT: a file that appears under its name whole, or not at all. It is written without any name (O_TMPFILE),
 * so that nothing is left of it however this ends, a power cut included; where the file system cannot do
 * that, under a random name beside the target that is removed when the session ends. What is reported done
 * is on the disk; a process of its own sees to that, because it may take long and the port has to be served
 * meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/server/accounts.h"
#include "guest/server/session.h"

#define CREDIT_STEP 65536

struct put {
    struct aq_operation operation;
    int folder;
    int fd;
    bool unnamed; /* made by O_TMPFILE: has no name yet */
    bool named;   /* `temporary` is there and has to be removed */
    int pipe;     /* -1, or gives the errno of the process that puts the file in its place */
    char temporary[40];
    char name[256]; /* in the folder */
    mode_t mode;
    uid_t uid;
    gid_t gid;
    uint64_t size;
    uint32_t crc;
    uint32_t dealt_with;
};

static void put_release(struct aq_operation *operation)
{
    struct put *put = (struct put *)operation;
    if (put->named)
        unlinkat(put->folder, put->temporary, 0);
    if (put->fd >= 0)
        close(put->fd);
    if (put->folder >= 0)
        close(put->folder);
    if (put->pipe >= 0)
        close(put->pipe);
    free(put);
}

static bool write_all(int fd, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

static void take_data(struct aq_session *session, struct put *put, const struct aq_frame *frame)
{
    if (!write_all(put->fd, frame->payload, frame->length)) {
        aq_operation_fail(session, &put->operation, errno, "cannot write the file");
        return;
    }
    put->crc = aq_crc32(put->crc, frame->payload, frame->length);
    put->size += frame->length;
    put->dealt_with += frame->length;
    if (put->dealt_with >= CREDIT_STEP) {
        aq_session_credit(session, &put->operation, put->dealt_with);
        put->dealt_with = 0;
    }
}

/* Gives the nameless file the temporary name. AT_EMPTY_PATH needs a capability, the other way /proc. */
static bool give_name(struct put *put)
{
    char path[64];
    if (linkat(put->fd, "", put->folder, put->temporary, AT_EMPTY_PATH) == 0)
        return true;
    snprintf(path, sizeof path, "/proc/self/fd/%d", put->fd);
    return linkat(AT_FDCWD, path, put->folder, put->temporary, AT_SYMLINK_FOLLOW) == 0;
}

/* A file system that has nothing to sync to says EINVAL. */
static bool sync_file(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL;
}

/* The new name, too, has to outlive a crash. A folder that may be written but not read cannot be synced. */
static bool sync_folder(const struct put *put)
{
    int fd = openat(put->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd < 0 || sync_file(fd);
    if (fd >= 0)
        close(fd);
    return synced;
}

static bool commit(struct put *put)
{
    if ((put->uid != (uid_t)-1 || put->gid != (gid_t)-1) && fchown(put->fd, put->uid, put->gid) < 0)
        return false;
    if (fchmod(put->fd, put->mode) < 0) /* after chown, which takes set-id bits away */
        return false;
    if (!sync_file(put->fd) || (put->unnamed && !give_name(put)))
        return false;
    put->named = true;
    if (renameat(put->folder, put->temporary, put->folder, put->name) < 0)
        return false;
    put->named = false;
    return sync_folder(put);
}

/* The child keeps nothing open but what it needs, so that the port and others' pipes can close meanwhile. */
__attribute__((noreturn)) static void run_commit(struct put *put, int pipe_end)
{
    dup2(pipe_end, 0);
    put->fd = dup2(put->fd, 1);
    put->folder = dup2(put->folder, 2);
    close_range(3, ~0U, 0);
    int result = commit(put) ? 0 : errno;
    if (put->named)
        unlinkat(put->folder, put->temporary, 0);
    _exit(write(0, &result, sizeof result) == sizeof result ? 0 : 1);
}

static bool start_commit(struct put *put)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    put->pipe = ends[0];
    pid_t pid = fork();
    if (pid == 0)
        run_commit(put, ends[1]);
    int saved = errno;
    close(ends[1]);
    errno = saved;
    return pid > 0;
}

static bool put_frame(struct aq_session *session, struct aq_operation *operation,
                      const struct aq_frame *frame)
{
    struct put *put = (struct put *)operation;
    if (put->pipe >= 0 && frame->type != AQ_WIRE_CANCEL) /* nothing comes after the end of the file */
        return false;
    switch (frame->type) {
    case AQ_WIRE_DATA:
        take_data(session, put, frame);
        return true;
    case AQ_WIRE_CANCEL:
        aq_operation_fail(session, operation, ECANCELED, "cancelled");
        return true;
    case AQ_WIRE_DONE:
        break;
    default:
        return false;
    }
    if (frame->length != 16)
        return false;
    if (aq_wire_get64(frame->payload) != put->size || aq_wire_get32(frame->payload + 8) != put->crc)
        aq_operation_fail(session, operation, EBADMSG, "what arrived is not what was sent");
    else if (!start_commit(put))
        aq_operation_fail(session, operation, errno, "cannot start a process");
    return true;
}

static void put_pump(struct aq_session *session, struct aq_operation *operation)
{
    struct put *put = (struct put *)operation;
    int result;
    ssize_t got = put->pipe < 0 ? -1 : read(put->pipe, &result, sizeof result);
    if (put->pipe < 0 || (got < 0 && errno == EAGAIN))
        return;
    if (got != sizeof result) {
        aq_operation_fail(session, operation, EIO, "the process that put the file in its place was killed");
    } else if (result != 0) {
        aq_operation_fail(session, operation, result, "cannot put the file in its place");
    } else {
        put->named = false;
        aq_operation_done(session, operation, put->size, put->crc, put->mode);
    }
}

static unsigned put_polls(struct aq_session *session, struct aq_operation *operation, struct pollfd *polls)
{
    int fd = ((struct put *)operation)->pipe;
    (void)session;
    polls[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    return fd >= 0 ? 1 : 0;
}

static const struct aq_operation_kind put_kind = {put_frame, put_pump, put_polls, put_release};

static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdir(path, 0755);
        *slash = '/';
        if (made < 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* A random name, so that nobody can have laid anything in its way. */
static bool choose_temporary(struct put *put)
{
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return false;
    snprintf(put->temporary, sizeof put->temporary, ".aq-%016llx%016llx", (unsigned long long)random[0],
             (unsigned long long)random[1]);
    return true;
}

static bool open_temporary(struct put *put)
{
    if (!choose_temporary(put))
        return false;
    put->fd = openat(put->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    put->unnamed = put->fd >= 0;
    if (put->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL))
        return put->fd >= 0;
    put->fd = openat(put->folder, put->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    put->named = put->fd >= 0;
    return put->named;
}

/* Opens the folder of the target and keeps its last part. */
static bool open_target(struct put *put, char *path, bool with_folders)
{
    char *slash = strrchr(path, '/');
    errno = EINVAL;
    if (path[0] != '/' || slash[1] == '\0' || strlen(slash + 1) >= sizeof put->name)
        return false;
    if (with_folders && !make_folders(path))
        return false;
    strcpy(put->name, slash + 1);
    slash[slash == path ? 1 : 0] = '\0';
    put->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return put->folder >= 0;
}

/* A file or a link gives way; what programs have open as a device, a fifo or a socket would be lost to the
 * next. */
static bool may_take_place(const struct put *put)
{
    struct stat there;
    if (fstatat(put->folder, put->name, &there, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(there.st_mode) ||
        S_ISLNK(there.st_mode))
        return true;
    errno = S_ISDIR(there.st_mode) ? EISDIR : EEXIST;
    return false;
}

static struct aq_operation *start(char *path, const char *owner, mode_t mode, bool with_folders,
                                  const char **what)
{
    struct put *put = calloc(1, sizeof *put);
    if (put == NULL)
        return NULL;
    put->operation.kind = &put_kind;
    put->folder = put->fd = put->pipe = -1;
    put->mode = mode & 07777;
    *what = "cannot open the folder of the file";
    bool good = open_target(put, path, with_folders);
    if (good && !may_take_place(put)) {
        *what = errno == EISDIR ? "it is there already (end it with / to copy into it)"
                                : "it is there already, and neither a file nor a link";
        good = false;
    } else if (good && !aq_accounts_owner(owner, &put->uid, &put->gid)) {
        *what = "there is no such user or group";
        errno = ENOENT;
        good = false;
    } else if (good) {
        *what = "cannot make the file";
        good = open_temporary(put);
    }
    if (good)
        return &put->operation;
    int saved = errno;
    put_release(&put->operation);
    errno = saved;
    return NULL;
}

struct aq_operation *aq_put_start(const unsigned char *request, size_t length, const char **what)
{
    const unsigned char *from = request + 8;
    const unsigned char *end = request + length;
    const char *path = length < 8 ? NULL : aq_wire_string(&from, end);
    const char *owner = path == NULL ? NULL : aq_wire_string(&from, end);
    char copy[4096];
    *what = "the request cannot be read";
    errno = EINVAL;
    if (owner == NULL || strlen(path) >= sizeof copy)
        return NULL;
    strcpy(copy, path);
    return start(copy, owner, aq_wire_get32(request), aq_wire_get32(request + 4) == 1, what);
}
