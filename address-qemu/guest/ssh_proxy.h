/* SPDX-License-Identifier: MIT */
/*
 * The way to a server through another program, as ProxyCommand in ssh_config(5) has it; libssh makes one of
 * ProxyJump too: `ssh -W '[%h]:%p' jump`. The command is split into words here and run without a shell, which
 * is all that such commands need in practice; one that needs more is refused.
 */
#ifndef AQ_GUEST_SSH_PROXY_H
#define AQ_GUEST_SSH_PROXY_H

#include <stdint.h>

#include "util/error.h"
#include "util/memory.h"

/* What stands for the tokens of a command. */
struct aq_ssh_proxy_names {
    const char *host;  /* %h: where it is */
    const char *typed; /* %n: what the user calls it */
    const char *user;  /* %r */
    uint16_t port;     /* %p */
};

/* Adds the command's words. Tokens are filled in when it is split, so that what they stand for is never more
   than a part of its word. An `ssh` is told to ask nobody, and to read the same `configuration` (NULL: its
   own). NOT_SUPPORTED for what only a shell understands. */
int aq_ssh_proxy_words(const char *command, const struct aq_ssh_proxy_names *names, const char *configuration,
                       struct aq_strings *words, struct aq_error *err);

struct aq_ssh_proxy;

/* Starts it, without a terminal, tied to this thread; *connection is what leads through it, the caller's.
   NULL: TOOL_MISSING, IO. */
struct aq_ssh_proxy *aq_ssh_proxy_open(const struct aq_strings *words, int *connection, struct aq_error *err);

/* SSH_UNREACHABLE: no server has come through, and what the program says of it. Returns -1. */
int aq_ssh_proxy_fail(const struct aq_ssh_proxy *proxy, struct aq_error *err);

/* Ends it. NULL is fine. */
void aq_ssh_proxy_close(struct aq_ssh_proxy *proxy);

#endif
