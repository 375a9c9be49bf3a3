/* SPDX-License-Identifier: MIT */
#include "guest/server/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/server/tree.h"
#include "guest/side.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define KILL_ROUNDS                                                                                          \
    500 /* of 10 ms: a process that the kernel holds in an uninterruptible wait is given up                  \
         */

/* Where the supervisor keeps the pipe for its report; the command's streams are at 0 to 2. */
#define REPORT_FD 3

_Static_assert(AQ_SIDE_FD == REPORT_FD + 1, "what is kept is without a gap");

/* Moves the report and the side channel to their places and closes all else: the port, and the pipes of other
   commands, whose readers would wait in vain for an end of file while a copy is open here. */
static void keep_only(int report, int side)
{
    if (side >= 0)
        side = fcntl(side, F_DUPFD, AQ_SIDE_FD + 1); /* out of the way */
    if (report != REPORT_FD)
        dup2(report, REPORT_FD);
    fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    if (side >= 0)
        dup2(side, AQ_SIDE_FD);
    unsigned first = side >= 0 ? AQ_SIDE_FD + 1 : REPORT_FD + 1;
    if (close_range(first, ~0U, 0) == 0)
        return;
    struct rlimit limit = {.rlim_cur = 4096};
    getrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned fd = first; fd < limit.rlim_cur; fd++)
        close((int)fd);
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Without the handlers that a library may have installed for forks: they would close descriptors by numbers
   that are others' by now. */
static pid_t fork_bare(void)
{
#if __GLIBC_PREREQ(2, 34)
    return _Fork();
#else
    return fork();
#endif
}

/* In the command's process: never returns. What failed goes into the exec pipe, which exec itself closes. */
__attribute__((noreturn)) static void become_command(const struct aq_command_line *line, bool with_side,
                                                     int exec_pipe)
{
    char side_value[16];
    snprintf(side_value, sizeof side_value, AQ_SIDE_BY_FD "%d", AQ_SIDE_FD);
    struct aq_supervisor_report failure = {0};
    setsid();
    reset_signals();
    setenv("PATH", DEFAULT_PATH, 0);
    setenv("HOME", "/root", 0);
    if (with_side)
        setenv(AQ_SIDE_VARIABLE, side_value, 1);
    else
        unsetenv(AQ_SIDE_VARIABLE);
    for (char **variable = line->environment; *variable != NULL; variable++)
        putenv(*variable);
    if (chdir(line->folder) == 0)
        execvp(line->argv[0], line->argv);
    else
        failure.in_folder = true;
    failure.exec_errno = errno;
    if (write(exec_pipe, &failure, sizeof failure) < 0) { /* the supervisor is gone: so are we */
    }
    _exit(127);
}

__attribute__((noreturn)) static void report_and_leave(const struct aq_supervisor_report *report)
{
    if (write(REPORT_FD, report, sizeof *report) < 0) { /* the server is gone: nobody wants to know */
    }
    _exit(0);
}

/* Takes what has ended: true when the command itself is among it. */
static bool reap(pid_t command, int *status)
{
    bool ended = false;
    int one;
    for (pid_t pid; (pid = waitpid(-1, &one, WNOHANG)) > 0;)
        if (pid == command) {
            *status = one;
            ended = true;
        }
    return ended;
}

static void kill_all(pid_t command, int *status)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    kill(-command, SIGKILL);
    for (int round = 0; round < KILL_ROUNDS; round++) {
        aq_tree_kill(getpid());
        reap(command, status);
        if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
            return;
        nanosleep(&pause, NULL);
    }
}

/* The wait of the supervisor's life: for the command's end, or for the order to end it. */
static int watch(pid_t command, const sigset_t *signals)
{
    int status = SIGKILL;
    for (;;) {
        int number;
        if (reap(command, &status))
            return status;
        if (sigwait(signals, &number) == 0 && number == SIGTERM) {
            kill_all(command, &status);
            return status;
        }
    }
}

/* Signals are taken one at a time, by watch(); the death of the server counts as the order to end. */
static void become_supervisor(sigset_t *signals, pid_t server)
{
    sigemptyset(signals);
    sigaddset(signals, SIGCHLD);
    sigaddset(signals, SIGTERM);
    sigprocmask(SIG_BLOCK, signals, NULL);
    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != server)
        _exit(0);
}

__attribute__((noreturn)) static void supervise(const struct aq_command_line *line, const int streams[3],
                                                int side, int report_fd, pid_t server)
{
    struct aq_supervisor_report report = {0};
    sigset_t signals;
    int exec_pipe[2];
    become_supervisor(&signals, server);
    for (int i = 0; i < 3; i++)
        dup2(streams[i], i);
    keep_only(report_fd, side);
    pid_t command = pipe2(exec_pipe, O_CLOEXEC) < 0 ? -1 : fork_bare();
    if (command == 0)
        become_command(line, side >= 0, exec_pipe[1]);
    if (command < 0) {
        report.exec_errno = errno;
        report_and_leave(&report);
    }
    for (int i = 0; i < 3; i++)
        close(i);
    close(exec_pipe[1]);
    if (side >= 0)
        close(AQ_SIDE_FD);
    if (read(exec_pipe[0], &report, sizeof report) != sizeof report)
        report = (struct aq_supervisor_report){.status = watch(command, &signals)};
    report_and_leave(&report);
}

pid_t aq_supervisor_start(const struct aq_command_line *line, const int streams[3], int side, int report)
{
    pid_t server = getpid();
    pid_t pid = fork();
    if (pid == 0)
        supervise(line, streams, side, report, server);
    return pid;
}
