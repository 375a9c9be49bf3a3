/* SPDX-License-Identifier: MIT */
/*
 * Processes that outlive us, and such as do not. The child forks once more and ends, so that the grandchild
 * belongs to init and nobody here has to reap it. The grandchild reports its identity before exec, through a
 * pipe that exec closes. Both borrow our memory until then: copying it would cost more than all else here.
 */
#include "util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/spawn.h"

struct report {
    struct aq_process_id id;
    struct aq_spawn_failure failure; /* only there when exec failed */
};

/* What the child, which makes itself a session, and the grandchild work with. */
struct birth {
    const struct aq_spawn *spawn;
    int report;
    char *stack; /* the grandchild's */
};

static int become_program(void *data)
{
    const struct birth *birth = data;
    struct aq_process_id id;
    umask(077);
    if (!aq_process_identify(getpid(), &id) || write(birth->report, &id, sizeof id) != sizeof id)
        _exit(1);
    aq_spawn_exec(birth->spawn, birth->report);
}

static int leave_behind(void *data)
{
    const struct birth *birth = data;
    setsid();
    _exit(aq_spawn_lend(become_program, data, birth->stack) > 0 ? 0 : 1);
}

static pid_t detach(const struct aq_spawn *spawn, int report)
{
    char stacks[2][AQ_SPAWN_STACK];
    struct birth birth = {.spawn = spawn, .report = report, .stack = stacks[1]};
    return aq_spawn_lend(leave_behind, &birth, stacks[0]);
}

/* In a session of its own, so that the terminal's Ctrl-C is not its. */
static _Noreturn void become_tied(const struct aq_spawn *spawn, pid_t owner, int report)
{
    struct aq_process_id id;
    setsid();
    umask(077);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != owner || !aq_process_identify(getpid(), &id) ||
        write(report, &id, sizeof id) != sizeof id)
        _exit(1);
    aq_spawn_exec(spawn, report);
}

static pid_t tie(const struct aq_spawn *spawn, int report)
{
    pid_t owner = getpid();
    pid_t child = aq_spawn_fork();
    if (child == 0)
        become_tied(spawn, owner, report);
    return child;
}

static int start(const struct aq_spawn *spawn, bool tied, struct aq_process_id *id, struct aq_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pipe");
    aq_autoclose int reading = ends[0];
    aq_autoclose int writing = ends[1];

    pid_t child = tied ? tie(spawn, writing) : detach(spawn, writing);
    if (child < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot start %s", spawn->argv[0]);
    close(aq_steal_fd(&writing));
    struct report report;
    size_t got = (size_t)aq_spawn_read(reading, &report, sizeof report);
    while ((!tied || got != sizeof report.id) && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    if (got < sizeof report.id)
        return aq_fail(err, AQ_E_IO,
                       "cannot start %s: the process ended before it ran (is there a limit on the "
                       "number of processes?)",
                       spawn->argv[0]);
    if (got == sizeof report)
        return aq_spawn_fail(spawn, &report.failure, err);
    *id = report.id;
    return 0;
}

static int start_with(const char *const *argv, int log_fd, const int *keep, unsigned keep_count, bool tied,
                      struct aq_process_id *id, struct aq_error *err)
{
    aq_autofree char *path = aq_spawn_find(argv[0], err);
    if (path == NULL)
        return -1;
    aq_autoclose int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open /dev/null");
    aq_autofree char **environment = aq_spawn_environment(NULL);
    struct aq_spawn spawn = {
        .path = path,
        .argv = argv,
        .environment = environment,
        .working_dir = "/", /* the caller's folder may be removed or unmounted meanwhile */
        .standard = {null, log_fd, log_fd},
        .keep = keep,
        .keep_count = keep_count,
    };
    return start(&spawn, tied, id, err);
}

int aq_process_detach(const char *const *argv, int log_fd, const int *keep, unsigned keep_count,
                      struct aq_process_id *id, struct aq_error *err)
{
    return start_with(argv, log_fd, keep, keep_count, false, id, err);
}

int aq_process_tie(const char *const *argv, int log_fd, const int *keep, unsigned keep_count,
                   struct aq_process_id *id, struct aq_error *err)
{
    return start_with(argv, log_fd, keep, keep_count, true, id, err);
}

int aq_process_tie_stream(const char *const *argv, const char *const *environment, int stream, int errors,
                          struct aq_process_id *id, struct aq_error *err)
{
    aq_autofree char *path = aq_spawn_find(argv[0], err);
    if (path == NULL)
        return -1;
    aq_autofree char **whole = aq_spawn_environment(environment);
    const struct aq_spawn spawn = {
        .path = path, .argv = argv, .environment = whole, .standard = {stream, stream, errors}};
    return start(&spawn, true, id, err);
}
