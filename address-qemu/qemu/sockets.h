/* SPDX-License-Identifier: MIT */
/*
 * The sockets between us and a running QEMU. We make them and listen on them before QEMU exists and it
 * inherits them, so nobody waits for a file to appear: a connection can be made at once and is answered when
 * QEMU is up. Paths never matter (107 bytes are soon used up): they are reached through the runtime folder's
 * descriptor.
 *
 * QEMU serves one connection per socket. A kernel lock beside each makes a second process wait its turn,
 * visibly and within its deadline, where it would hang silently in the backlog otherwise.
 */
#ifndef AQ_QEMU_SOCKETS_H
#define AQ_QEMU_SOCKETS_H

#include "util/cleanup.h"
#include "util/error.h"
#include "util/guest_ports.h"
#include "util/wait.h"

enum aq_qemu_socket {
    AQ_QEMU_QMP,
    AQ_QEMU_AGENT,  /* the virtio-serial port AQ_AGENT_PORT */
    AQ_QEMU_HELPER, /* the first of AQ_HELPER_PORTS */
    AQ_QEMU_SOCKETS = AQ_QEMU_HELPER + AQ_HELPER_PORTS,
    /* Of the VM's companion, which makes way for nobody but the next in turn either. */
    AQ_SOCKET_CONSOLE = AQ_QEMU_SOCKETS, /* the serial console, both ways */
    AQ_SOCKET_CONTROL,                   /* companion/control.h, in messages (SOCK_SEQPACKET) */
    AQ_SOCKETS
};

/* The socket's short name: "qmp", "agent", "helper0", … It is also the id of its chardev in QEMU. */
const char *aq_qemu_socket_name(enum aq_qemu_socket which);

/* Makes every socket of QEMU's in the VM's runtime folder (mode 0600, in place of stale ones), bound and
   listening, into fds[]. On failure none is left. */
int aq_qemu_sockets_make(int runtime_dir, int fds[AQ_QEMU_SOCKETS], struct aq_error *err);

/* The same for one of them. */
int aq_qemu_socket_make(int runtime_dir, enum aq_qemu_socket which, struct aq_error *err);

/* Closes the descriptors (a -1 is skipped) and sets them to -1. */
void aq_qemu_sockets_close(int fds[AQ_QEMU_SOCKETS]);

/* Removes the sockets' files, the companion's too, from the runtime folder; the locks' files stay, for
   someone may hold one. */
void aq_qemu_sockets_unlink(int runtime_dir);

/* A connection and the lock that goes with it. Initialise with AQ_QEMU_UNCONNECTED. */
struct aq_qemu_connection {
    int fd;   /* non-blocking */
    int lock; /* held until closed */
    enum aq_qemu_socket which;
};
#define AQ_QEMU_UNCONNECTED ((struct aq_qemu_connection){.fd = -1, .lock = -1})

/* Connects to a socket of a VM that any process may have started. Waits for its turn: VM_BUSY at the
   deadline, INTERRUPTED; VM_NOT_RUNNING when nobody listens. */
int aq_qemu_connect(int runtime_dir, enum aq_qemu_socket which, aq_deadline deadline,
                    struct aq_qemu_connection *connection, struct aq_error *err);

/* The same for the first helper port that is free. */
int aq_qemu_connect_helper(int runtime_dir, aq_deadline deadline, struct aq_qemu_connection *connection,
                           struct aq_error *err);

/* Closes it and lets the next one in. Also for one that was never connected. */
void aq_qemu_disconnect(struct aq_qemu_connection *connection);

#define aq_autodisconnect aq_cleanup(aq_qemu_disconnect)

#endif
