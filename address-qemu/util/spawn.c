/* SPDX-License-Identifier: MIT */
#include "util/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/files.h"
#include "util/memory.h"
#include "util/syscalls.h"

static _Noreturn void report_failure(int report, enum aq_spawn_step step)
{
    struct aq_spawn_failure failure = {.step = step, .errnum = errno};
    while (write(report, &failure, sizeof failure) < 0 && errno == EINTR)
        ;
    _exit(127);
}

/* A handler of the parent's has no meaning after exec, and an ignored or blocked signal would be inherited.
 */
static void reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* close_range is there since Linux 5.9 and has the flag since 5.11; sandboxes that do not know it say ENOSYS.
 */
static void close_all_on_exec(void)
{
    if (aq_sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    for (rlim_t fd = 3; fd < limit.rlim_cur; fd++)
        fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

/* False with errno. All three are moved out of the way first: one of them may be where another has to go. */
static bool arrange_descriptors(const struct aq_spawn *spawn)
{
    int moved[3];
    for (int i = 0; i < 3; i++)
        if ((moved[i] = fcntl(spawn->standard[i], F_DUPFD_CLOEXEC, 3)) < 0)
            return false;
    for (int i = 0; i < 3; i++)
        if (dup2(moved[i], i) < 0)
            return false;
    close_all_on_exec();
    for (unsigned i = 0; i < spawn->keep_count; i++)
        if (fcntl(spawn->keep[i], F_SETFD, 0) < 0)
            return false;
    return true;
}

/* Limits that cannot be set are none: the program's own judgement is what they only back up. */
static void set_limit(int resource, uint64_t most)
{
    const struct rlimit limit = {most, most};
    if (most != 0)
        setrlimit(resource, &limit);
}

/* From the kernel, so that it holds however that process dies. It may be dead already. */
static void tie(pid_t to)
{
    if (to != 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != to))
        _exit(127);
}

_Noreturn void aq_spawn_exec(const struct aq_spawn *spawn, int report)
{
    if (report < 3)
        report = fcntl(report, F_DUPFD_CLOEXEC, 3);
    if (!arrange_descriptors(spawn))
        report_failure(report, AQ_SPAWN_DESCRIPTORS);
    if (spawn->working_dir != NULL && chdir(spawn->working_dir) < 0)
        report_failure(report, AQ_SPAWN_DIRECTORY);
    tie(spawn->tied_to);
    set_limit(RLIMIT_AS, spawn->memory_limit);
    set_limit(RLIMIT_CPU, spawn->cpu_limit);
    reset_signals();
    execve(spawn->path, (char *const *)spawn->argv, spawn->environment);
    report_failure(report, AQ_SPAWN_EXEC);
}

int aq_spawn_fail(const struct aq_spawn *spawn, const struct aq_spawn_failure *failure, struct aq_error *err)
{
    switch (failure->step) {
    case AQ_SPAWN_DIRECTORY:
        return aq_fail_errno(err, AQ_E_IO, failure->errnum, "cannot run %s in the folder %s", spawn->argv[0],
                             spawn->working_dir);
    case AQ_SPAWN_EXEC:
        return aq_fail_errno(err, failure->errnum == ENOENT ? AQ_E_TOOL_MISSING : AQ_E_IO, failure->errnum,
                             "cannot run %s", spawn->path);
    case AQ_SPAWN_DESCRIPTORS:
        break;
    }
    return aq_fail_errno(err, AQ_E_IO, failure->errnum, "cannot hand its descriptors to %s", spawn->argv[0]);
}

static void block_signals(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

/* Keeps errno. */
static void restore_signals(const sigset_t *before)
{
    int errnum = errno;
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = errnum;
}

int aq_spawn_fork(void)
{
    sigset_t before;
    block_signals(&before);
    int pid = fork();
    if (pid != 0)
        restore_signals(&before);
    return pid;
}

/* As vfork(2) does, but the child has a stack of its own, so that it cannot spoil ours. */
int aq_spawn_lend(int (*child)(void *data), void *data, char *stack)
{
    sigset_t before;
    block_signals(&before);
    int pid = clone(child, stack + AQ_SPAWN_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, data);
    restore_signals(&before);
    return pid;
}

long aq_spawn_read(int report, void *data, unsigned long size)
{
    unsigned long have = 0;
    while (have < size) {
        ssize_t got = read(report, (char *)data + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        have += (unsigned long)got;
    }
    return (long)have;
}

static bool same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return strncmp(a, b, length) == 0 && b[length] == '=';
}

char **aq_spawn_environment(const char *const *changes)
{
    static const char *const none[] = {NULL};
    if (changes == NULL)
        changes = none;
    size_t count = 0;
    size_t added = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    while (changes[added] != NULL)
        added++;

    char **result = aq_alloc((count + added + 1) * sizeof *result);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t change = 0;
        while (change < added && !same_name(changes[change], environ[i]))
            change++;
        if (change == added)
            result[used++] = environ[i];
    }
    for (size_t i = 0; i < added; i++)
        result[used++] = (char *)changes[i];
    return result;
}

char *aq_spawn_find(const char *name, struct aq_error *err)
{
    char *path = aq_find_program(name);
    if (path == NULL)
        aq_fail(err, AQ_E_TOOL_MISSING, "the program %s is not installed, or not in PATH", name);
    return path;
}
