/* SPDX-License-Identifier: MIT */
/* Killing a process's descendants, wherever they have moved to. */
#ifndef AQ_GUEST_SERVER_TREE_H
#define AQ_GUEST_SERVER_TREE_H

#include <sys/types.h>

/* Sends SIGKILL to every descendant of `root` that /proc shows now; returns how many there were. */
unsigned aq_tree_kill(pid_t root);

#endif
