/* SPDX-License-Identifier: MIT */
/* Is there an SSH server behind a forwarded port? */
#ifndef AQ_GUEST_SSH_BANNER_H
#define AQ_GUEST_SSH_BANNER_H

#include <stdint.h>

#include "util/error.h"
#include "util/wait.h"

/* Waits until a server at that IPv4 address and port says "SSH-" (RFC 4253, 4.2). TIMEOUT, INTERRUPTED. */
int aq_ssh_wait_banner(const char *address, uint16_t port, aq_deadline deadline, struct aq_error *err);

#endif
