/* SPDX-License-Identifier: MIT */
/*
 * The part of starting a program that happens between fork and exec, for process.c and process_detach.c. In
 * the child only async-signal-safe calls are made, so everything that needs memory (the path, the
 * environment) is prepared before.
 */
#ifndef AQ_UTIL_SPAWN_H
#define AQ_UTIL_SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* What the child becomes. */
struct aq_spawn {
    const char *path; /* from aq_find_program */
    const char *const *argv;
    char *const *environment;
    const char *working_dir; /* NULL: as it is */
    uint64_t memory_limit;   /* RLIMIT_AS; 0: as it is */
    uint64_t cpu_limit;      /* RLIMIT_CPU; 0: as it is */
    pid_t tied_to;           /* the process with whose death this one is killed; 0: none */
    int standard[3];         /* become descriptors 0, 1, 2 */
    const int *keep;         /* inherited under their own numbers, all above 2 */
    unsigned keep_count;
};

/* What the child writes to its report pipe when it fails; the pipe closes silently on exec. */
struct aq_spawn_failure {
    enum aq_spawn_step { AQ_SPAWN_DESCRIPTORS, AQ_SPAWN_DIRECTORY, AQ_SPAWN_EXEC } step;
    int errnum;
};

/* In the child: never returns. `report` is the writing end of a CLOEXEC pipe. */
_Noreturn void aq_spawn_exec(const struct aq_spawn *spawn, int report);

/* In the parent: puts what the child reported into *err, and returns -1. */
int aq_spawn_fail(const struct aq_spawn *spawn, const struct aq_spawn_failure *failure, struct aq_error *err);

/* Forks with all signals blocked, so that no handler of the parent runs in the child. As fork(2); in the
   child signals stay blocked until aq_spawn_exec. */
int aq_spawn_fork(void);

/* The same for a child that execs or ends at once: nothing is copied. It runs child(data) in our memory, on
   `stack`, an array of AQ_SPAWN_STACK bytes, and this thread stands still until it has done either; child()
   does not return. */
#define AQ_SPAWN_STACK (32 << 10)
int aq_spawn_lend(int (*child)(void *data), void *data, char *stack);

/* Reads a whole report; the number of bytes that came before the pipe closed. */
long aq_spawn_read(int report, void *data, unsigned long size);

/* This process's environment with `changes` (NULL-terminated NAME=VALUE, may be NULL) on top: an array to
   free(), whose strings belong to environ and `changes`. */
char **aq_spawn_environment(const char *const *changes);

/* The program's path, to free(); NULL with TOOL_MISSING. */
char *aq_spawn_find(const char *name, struct aq_error *err);

#endif
