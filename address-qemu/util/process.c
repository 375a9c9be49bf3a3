/* SPDX-License-Identifier: MIT */
/*
 * Running a program to its end. Both of its streams are read as they come, its end is an event of a pidfd,
 * and it has a process group of its own, so that what it started can be ended with it.
 */
#include "util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/process_stream.h"
#include "util/spawn.h"
#include "util/syscalls.h"

#define DEFAULT_CAPTURE ((size_t)1 << 20)
/* How long a program that is told to end may clear up before it is killed. */
#define GRACE_MS 2000

struct run {
    const struct aq_process *process;
    struct aq_stream_reader streams[2]; /* of its standard output and error */
    pid_t pid;
    int pidfd;
};

static void run_free(struct run *run)
{
    for (int i = 0; i < 2; i++)
        aq_stream_reader_free(&run->streams[i]);
    if (run->pidfd >= 0)
        close(run->pidfd);
}

/* Its standard input as a descriptor to close. Bytes are handed over as an anonymous file, which unlike a
   pipe asks nobody to go on writing. */
static int open_input(const struct aq_process *process, struct aq_error *err)
{
    if (process->input_fd > 0 || process->input == NULL) {
        int fd = process->input_fd > 0 ? fcntl(process->input_fd, F_DUPFD_CLOEXEC, 3)
                                       : open("/dev/null", O_RDONLY | O_CLOEXEC);
        return fd >= 0 ? fd
                       : aq_fail_errno(err, AQ_E_IO, errno, "cannot open the input of %s", process->argv[0]);
    }
    aq_autoclose int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the input of %s", process->argv[0]);
    if (aq_write_all(fd, process->input, process->input_length, err) < 0)
        return -1;
    lseek(fd, 0, SEEK_SET);
    return aq_steal_fd(&fd);
}

/* A pipe for one stream: the reading end goes into `stream`, the writing end is returned. */
static int open_stream(struct aq_stream_reader *stream, struct aq_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pipe");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    stream->fd = ends[0];
    return ends[1];
}

/* Forks, and returns when exec has happened or failed. */
static int spawn_child(struct run *run, const struct aq_spawn *spawn, struct aq_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pipe");
    aq_autoclose int reading = ends[0];
    aq_autoclose int writing = ends[1];
    run->pid = aq_spawn_fork();
    if (run->pid < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot start %s", spawn->argv[0]);
    if (run->pid == 0) {
        setpgid(0, 0);
        aq_spawn_exec(spawn, writing);
    }
    close(aq_steal_fd(&writing));

    struct aq_spawn_failure failure;
    if (aq_spawn_read(reading, &failure, sizeof failure) == sizeof failure) {
        waitpid(run->pid, NULL, 0);
        return aq_spawn_fail(spawn, &failure, err);
    }
    run->pidfd = aq_sys_pidfd_open(run->pid);
    if (run->pidfd >= 0)
        return 0;
    aq_fail_errno(err, AQ_E_IO, errno, "cannot watch %s", spawn->argv[0]);
    kill(-run->pid, SIGKILL);
    waitpid(run->pid, NULL, 0);
    return -1;
}

static int start(struct run *run, struct aq_error *err)
{
    const struct aq_process *process = run->process;
    aq_autofree char *path = aq_spawn_find(process->argv[0], err);
    if (path == NULL)
        return -1;
    aq_autofree char **environment = aq_spawn_environment(process->environment);
    aq_autoclose int input = open_input(process, err);
    if (input < 0)
        return -1;
    aq_autoclose int output = process->output_fd > 0 ? fcntl(process->output_fd, F_DUPFD_CLOEXEC, 3)
                                                     : open_stream(&run->streams[0], err);
    if (output < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the output of %s", process->argv[0]);
    aq_autoclose int errors = open_stream(&run->streams[1], err);
    if (errors < 0)
        return -1;
    struct aq_spawn spawn = {
        .path = path,
        .argv = process->argv,
        .environment = environment,
        .working_dir = process->working_dir,
        .memory_limit = process->memory_limit,
        .cpu_limit = process->cpu_limit,
        .tied_to = process->tied ? getpid() : 0,
        .standard = {input, output, errors},
    };
    return spawn_child(run, &spawn, err);
}

typedef int (*poll_function)(struct pollfd *, unsigned, aq_deadline, struct aq_error *);

/* Reads what comes until the program has ended: 1, or 0 at the deadline, or -1. What it started in the
   background may hold its streams open for ever; what it wrote itself is all in the pipes when it has ended.
 */
static int pump(struct run *run, poll_function poll_with, aq_deadline deadline, struct aq_error *err)
{
    for (;;) {
        struct pollfd fds[3] = {
            {.fd = run->streams[0].fd, .events = POLLIN},
            {.fd = run->streams[1].fd, .events = POLLIN},
            {.fd = run->pidfd, .events = POLLIN},
        };
        int ready = poll_with(fds, 3, deadline, err);
        if (ready <= 0)
            return ready;
        for (int i = 0; i < 2; i++)
            if (fds[i].revents != 0)
                aq_stream_reader_take(&run->streams[i]);
        if (fds[2].revents != 0) {
            for (int i = 0; i < 2; i++)
                aq_stream_reader_finish(&run->streams[i]);
            return 1;
        }
        if (aq_ms_left(deadline) == 0) /* poll() finds a program ready that never stops writing */
            return 0;
    }
}

/* Asks the group to end, so that a tool can take its temporary files away, and then kills it. The group keeps
   its number until its leader is reaped, so the signals cannot reach anyone else. */
static void end_group(struct run *run)
{
    struct aq_error ignored = {0};
    kill(-run->pid, SIGTERM);
    pump(run, aq_poll_ending, aq_after_ms(GRACE_MS), &ignored);
    kill(-run->pid, SIGKILL);
}

static int reap(struct run *run, int *exit_code, struct aq_error *err)
{
    int status;
    pid_t got;
    do
        got = waitpid(run->pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot tell how %s ended (is SIGCHLD ignored?)",
                             run->process->argv[0]);
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

static int run_to_end(struct run *run, int *exit_code, struct aq_error *err)
{
    const struct aq_process *process = run->process;
    if (aq_must_end())
        return aq_fail(err, AQ_E_INTERRUPTED, "interrupted");
    if (start(run, err) < 0)
        return -1;
    int ended = pump(run, aq_poll, process->deadline != 0 ? process->deadline : AQ_FOREVER, err);
    if (ended > 0)
        return reap(run, exit_code, err);
    if (ended == 0)
        aq_fail(err, AQ_E_TIMEOUT, "%s took too long and was ended", process->argv[0]);
    end_group(run);
    struct aq_error ignored = {0};
    reap(run, exit_code, &ignored);
    return -1;
}

static void run_init(struct run *run, const struct aq_process *process)
{
    size_t limit = process->capture_limit != 0 ? process->capture_limit : DEFAULT_CAPTURE;
    *run = (struct run){.process = process, .pidfd = -1};
    for (int i = 0; i < 2; i++)
        run->streams[i] = (struct aq_stream_reader){
            .fd = -1, .limit = limit, .on_line = process->on_line, .on_line_data = process->on_line_data};
}

static void give_result(struct run *run, struct aq_process_result *result, int exit_code)
{
    *result = (struct aq_process_result){
        .exit_code = exit_code, .output = run->streams[0].captured, .errors = run->streams[1].captured};
    run->streams[0].captured = run->streams[1].captured = (struct aq_buffer){0};
}

int aq_process_run(const struct aq_process *process, struct aq_process_result *result, struct aq_error *err)
{
    *result = (struct aq_process_result){0};
    aq_cleanup(run_free) struct run run;
    run_init(&run, process);
    int exit_code = 0;
    if (run_to_end(&run, &exit_code, err) < 0)
        return -1;
    give_result(&run, result, exit_code);
    return 0;
}

/* The program's own words: what it wrote last to its standard error, or else to its output. */
static int fail_with_words(struct run *run, int exit_code, struct aq_error *err)
{
    aq_autofree char *words = aq_stream_reader_last_lines(&run->streams[1]);
    if (words[0] == '\0') {
        free(words);
        words = aq_stream_reader_last_lines(&run->streams[0]);
    }
    const char *colon = words[0] != '\0' ? ": " : "";
    if (exit_code > 128 && exit_code - 128 < NSIG && sigabbrev_np(exit_code - 128) != NULL)
        return aq_fail(err, AQ_E_TOOL_FAILED, "%s ended with exit code %d (as by SIG%s)%s%s",
                       run->process->argv[0], exit_code, sigabbrev_np(exit_code - 128), colon, words);
    return aq_fail(err, AQ_E_TOOL_FAILED, "%s ended with exit code %d%s%s", run->process->argv[0], exit_code,
                   colon, words);
}

int aq_process_check(const struct aq_process *process, struct aq_process_result *result, struct aq_error *err)
{
    if (result != NULL)
        *result = (struct aq_process_result){0};
    aq_cleanup(run_free) struct run run;
    run_init(&run, process);
    int exit_code = 0;
    if (run_to_end(&run, &exit_code, err) < 0)
        return -1;
    if (exit_code != 0)
        return fail_with_words(&run, exit_code, err);
    if (result != NULL)
        give_result(&run, result, exit_code);
    return 0;
}

void aq_process_result_free(struct aq_process_result *result)
{
    aq_buffer_free(&result->output);
    aq_buffer_free(&result->errors);
}
