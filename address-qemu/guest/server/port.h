/* SPDX-License-Identifier: MIT */
/*
 * A virtio-serial port, or a socket in its place. While no host is connected a port is for ever "hung up" and
 * a plain poll() on it would spin; so it is watched edge-triggered, by an epoll descriptor that is itself
 * polled.
 */
#ifndef AQ_GUEST_SERVER_PORT_H
#define AQ_GUEST_SERVER_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct aq_port {
    int fd;
    int events;    /* the epoll descriptor: poll this one for POLLIN, then call aq_port_update */
    bool device;   /* a port: the end of the stream is not the end of the port */
    bool readable; /* until a read says otherwise */
    bool writable;
};

/* What a read found. */
enum aq_port_state { AQ_PORT_DATA, AQ_PORT_NOTHING, AQ_PORT_HANG_UP, AQ_PORT_GONE };

/* Takes the descriptor; false with errno. */
bool aq_port_open(struct aq_port *port, int fd);
void aq_port_close(struct aq_port *port);

/* Takes note of what has happened since. */
void aq_port_update(struct aq_port *port);

enum aq_port_state aq_port_read(struct aq_port *port, void *to, size_t room, size_t *length);

/* Bytes written; 0 if none can be now. */
size_t aq_port_write(struct aq_port *port, const void *from, size_t length);

#endif
