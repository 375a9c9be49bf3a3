/* SPDX-License-Identifier: MIT */
/*
 * Finding an SSH server: from a host and a port to a connection on which a server has said that it is one.
 *
 * A port that QEMU forwards takes connections long before the guest can, and a connection that was made too
 * early may hang for 19 s when the guest is there (its SYN is repeated ever more seldom). So at such a port
 * several are opened, one after another, and the first that says something is taken.
 */
#ifndef AQ_GUEST_SSH_DIAL_H
#define AQ_GUEST_SSH_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"
#include "util/wait.h"

/* Where to. */
struct aq_ssh_address {
    const char *host; /* a name or an address */
    uint16_t port;
    bool forwarded; /* a port of this host that leads into a VM */
    bool booting;   /* the server may only be about to start: that it is not there yet is no verdict */
};

struct aq_ssh_dial;

/* Begins; `to` is copied. */
struct aq_ssh_dial *aq_ssh_dial_open(const struct aq_ssh_address *to);

/* The same for a connection that is made already, through another program: it is taken over, and only looked
   at for what answers. */
struct aq_ssh_dial *aq_ssh_dial_through(const struct aq_ssh_address *to, int connection);

/* Readable when aq_ssh_dial_step has something to do; besides that it wants to be called several times a
   second. */
int aq_ssh_dial_fd(const struct aq_ssh_dial *dial);

/* Goes on without waiting: 0 not yet; -1 HOST_NOT_FOUND, SSH_CLOSED, SSH_UNREACHABLE or SSH_PROTOCOL; 1 and
 *connection, non-blocking, the caller's from then on, of which nothing has been read. */
int aq_ssh_dial_step(struct aq_ssh_dial *dial, int *connection, struct aq_error *err);

/* Why there is no server yet, when there is no more time: SSH_SILENT, or as above. Returns -1. */
int aq_ssh_dial_verdict(const struct aq_ssh_dial *dial, struct aq_error *err);

/* Closes what was opened. NULL is fine. */
void aq_ssh_dial_close(struct aq_ssh_dial *dial);

/* All of it: waits until an SSH server is there and returns the connection. The errors above; INTERRUPTED. */
int aq_ssh_dial(const struct aq_ssh_address *to, aq_deadline deadline, struct aq_error *err);

#endif
