/* SPDX-License-Identifier: MIT */
/*
 * Ports of the host that lead into a VM. A port is reserved by being bound (and listened on): from then on it
 * is nobody else's, however many start at once, and the socket itself goes to the VM's companion.
 */
#ifndef AQ_QEMU_PORTS_H
#define AQ_QEMU_PORTS_H

#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

/* A socket that is bound, and if it is TCP's listens. Initialise with AQ_PORT_UNRESERVED. */
struct aq_port {
    uint16_t number;
    int fd;
};
#define AQ_PORT_UNRESERVED ((struct aq_port){.fd = -1})

/* Reserves port `wanted`, or a free one when that is 0, for `protocol` ("tcp" or "udp") on the host's IPv4
   `address` (NULL: 127.0.0.1). PORT_IN_USE names a taken one and, where /proc tells, the program;
   VALUE_INVALID what is no address of this host. */
int aq_port_reserve(const char *protocol, const char *address, uint16_t wanted, struct aq_port *port,
                    struct aq_error *err);

/* Lets go of it; fine for one that is not reserved. */
void aq_port_release(struct aq_port *port);

#define aq_autoport aq_cleanup(aq_port_release)

#endif
