/* SPDX-License-Identifier: MIT */
/*
 * What is left to this process once it serves a guest: the descriptors it has, and sockets of IPv4 and IPv6.
 * In layers, since each may fail in a way of its own:
 *
 *     limits      descriptors, memory, file size, no core dumps
 *     namespaces  its own user, mount, IPC and UTS namespaces; an empty, read-only root; no capabilities
 *     landlock    no file, no TCP port to listen on (Linux 5.13, 6.7)
 *     seccomp     the system calls it makes; any other ends it
 *
 * Limits and seccomp are had everywhere, or the process does not serve. Namespaces and Landlock some hosts do
 * not give; then the report says so.
 */
#ifndef AQ_COMPANION_SANDBOX_H
#define AQ_COMPANION_SANDBOX_H

#include <stdbool.h>

/* Each layer's word: "on", or why it is not. */
struct aq_sandbox_report {
    char namespaces[64], landlock[64], seccomp[64];
};

/* Enters it, for good. False when a layer is missing that has to be there; the report says which. */
bool aq_sandbox_enter(struct aq_sandbox_report *report);

/* The layers, in this order. */
bool aq_sandbox_limit(void);
void aq_sandbox_separate(char report[64]);
void aq_sandbox_landlock(char report[64]);
bool aq_sandbox_seccomp(char report[64]);

#endif
