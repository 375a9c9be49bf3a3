/* SPDX-License-Identifier: MIT */
/*
 * Running other programs: an argv, never a shell. A program that cannot be executed is an error of the start,
 * not an exit code 127. Nothing is inherited but what is named.
 */
#ifndef AQ_UTIL_PROCESS_H
#define AQ_UTIL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "util/memory.h"
#include "util/wait.h"

/* What to run and how. Zero-initialise; argv is required. */
struct aq_process {
    const char *const *argv;        /* argv[0] is looked up in PATH when it has no slash */
    const char *const *environment; /* NULL-terminated NAME=VALUE that are added or replaced */
    const char *working_dir;        /* NULL: as it is */
    const void *input;              /* written to its standard input; NULL: /dev/null */
    size_t input_length;
    int input_fd;          /* >0: its standard input instead of `input` */
    int output_fd;         /* >0: its standard output goes there instead of being captured */
    size_t capture_limit;  /* of each stream; more is read and dropped. 0: 1 MiB */
    uint64_t memory_limit; /* bytes of address space; 0: as ours */
    uint64_t cpu_limit;    /* seconds of processor time; 0: as ours */
    bool tied;             /* killed should this process die: for what must not go on by itself */
    aq_deadline deadline;  /* 0: AQ_FOREVER; past it the process group is ended and TIMEOUT returned */
    /* Called with each line (without its end) of either stream as it comes; may be NULL. */
    void (*on_line)(void *data, const char *line);
    void *on_line_data;
};

/* What came of it. Free with aq_process_result_free. */
struct aq_process_result {
    int exit_code; /* 0…255, or 128 + signal */
    struct aq_buffer output;
    struct aq_buffer errors;
};

/* Runs it to its end. 0 whatever its exit code is; -1 when it could not be started (TOOL_MISSING, IO), timed
   out or was interrupted: then its process group was told to end (SIGTERM, so that a tool can clear up after
   itself) and killed at the latest 2 s later. What it left running in the background in a good run is not
   waited for. On success `result` is to be freed. */
int aq_process_run(const struct aq_process *process, struct aq_process_result *result, struct aq_error *err);

/* The same, but an exit code other than 0 is TOOL_FAILED with the last lines it
   wrote. `result` may be NULL.
 */
int aq_process_check(const struct aq_process *process, struct aq_process_result *result,
                     struct aq_error *err);

void aq_process_result_free(struct aq_process_result *result);

/* A process that is known again later: a pid alone may have been reused. */
struct aq_process_id {
    pid_t pid;
    uint64_t start_time; /* clock ticks since boot, /proc/PID/stat field 22 */
};

/* Starts argv detached (own session, in /, reparented to init, so nothing is left to reap): stdin /dev/null,
   stdout and stderr to `log_fd`, the descriptors in keep[] inherited under their own numbers. Returns when
   exec has happened. argv[0] is absolute or found in PATH. */
int aq_process_detach(const char *const *argv, int log_fd, const int *keep, unsigned keep_count,
                      struct aq_process_id *id, struct aq_error *err);

/* The same, but the process is our child and dies with us, whatever ends us; waitpid() reaps it. The calling
   thread has to last as long as it. */
int aq_process_tie(const char *const *argv, int log_fd, const int *keep, unsigned keep_count,
                   struct aq_process_id *id, struct aq_error *err);

/* As aq_process_tie, for a filter: `stream` is its standard input and output, `errors` its standard error,
   and its folder is ours. It has no terminal, so that it can neither ask there nor be told Ctrl-C. */
int aq_process_tie_stream(const char *const *argv, const char *const *environment, int stream, int errors,
                          struct aq_process_id *id, struct aq_error *err);

/* Reads the identity of a running pid; false if there is none (a zombie counts as none). */
bool aq_process_identify(pid_t pid, struct aq_process_id *id);

/* Is it still that process and alive (not a zombie)? */
bool aq_process_alive(const struct aq_process_id *id);

/* Sends a signal to exactly that process (by pidfd; never to a reused pid). False if it is gone. */
bool aq_process_signal(const struct aq_process_id *id, int signal_number);

/* Waits until it is gone: 1 gone, 0 deadline, -1 interrupted. On an event (pidfd), not by polling. */
int aq_process_wait_gone(const struct aq_process_id *id, aq_deadline deadline, struct aq_error *err);

#endif
