/* SPDX-License-Identifier: MIT */
#include "util/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/spawn.h"
#include "util/syscalls.h"

/* How long who is spoken to may take to listen, and then to do what it is told, before its connection is
 * closed. */
enum { LISTENS_MS = 20000, ANSWERS_MS = 2000 };

/* Only what may be called after a fork in a process with threads. All signals are blocked. */
static _Noreturn void keep_watch(int fd, int pipe, const char *words)
{
    char byte;
    ssize_t got;
    size_t length = strlen(words), sent = 0;
    dup2(fd, 0);
    dup2(pipe, 1);
    aq_sys_close_range(2, ~0U, 0);
    do
        got = read(1, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got > 0) /* it was called off */
        _exit(0);
    struct pollfd peer = {.fd = 0, .events = POLLOUT};
    while (sent < length && poll(&peer, 1, LISTENS_MS) > 0) {
        got = send(0, words + sent, length - sent, MSG_NOSIGNAL);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            _exit(1);
        sent += got > 0 ? (size_t)got : 0;
    }
    char answer[4096];
    peer.events = POLLIN;
    while (poll(&peer, 1, ANSWERS_MS) > 0 && recv(0, answer, sizeof answer, 0) > 0)
        ;
    _exit(0);
}

int aq_guard_begin(int fd, const char *words, struct aq_guard *guard, struct aq_error *err)
{
    int ends[2];
    *guard = (struct aq_guard)AQ_GUARD_NONE;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pipe");
    pid_t pid = aq_spawn_fork();
    if (pid == 0) {
        close(ends[1]);
        keep_watch(fd, ends[0], words);
    }
    int saved = errno;
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return aq_fail_errno(err, AQ_E_IO, saved, "cannot start a process");
    }
    guard->pid = pid;
    guard->pipe = ends[1];
    return 0;
}

void aq_guard_end(struct aq_guard *guard)
{
    if (guard->pid == 0)
        return;
    while (write(guard->pipe, "", 1) < 0 && errno == EINTR)
        ;
    close(guard->pipe);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *guard = (struct aq_guard)AQ_GUARD_NONE;
}
