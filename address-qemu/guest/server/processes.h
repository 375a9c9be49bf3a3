/* SPDX-License-Identifier: MIT */
/* The processes that /proc shows. (Source: proc(5), /proc/PID/stat.) */
#ifndef AQ_GUEST_SERVER_PROCESSES_H
#define AQ_GUEST_SERVER_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct aq_process_entry {
    pid_t pid;
    pid_t parent;
    char state;    /* R, S, D, Z, … */
    bool kernel;   /* a thread of the kernel's */
    bool marked;   /* the caller's */
    char name[17]; /* its first bytes */
};

/* All of them that are alive (zombies are not): how many; *list is to be freed. */
size_t aq_processes_list(struct aq_process_entry **list);

/* Is it a thread of the kernel's? Also true for what has ended. */
bool aq_process_is_kernel(pid_t pid);

#endif
