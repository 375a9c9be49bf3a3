/* SPDX-License-Identifier: MIT */
/*
 * Ports of the host: chosen so that any number of starts at once never collide, and checked before anything
 * is made. A reservation is a kernel lock on the port's byte of the file "ports" in the runtime folder: a
 * process that dies leaves none behind.
 */
#ifndef AQ_QEMU_PORTS_H
#define AQ_QEMU_PORTS_H

#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

/* Reserved for us until it is released; hold it until QEMU listens. Initialise with AQ_PORT_UNRESERVED. */
struct aq_port {
    uint16_t number;
    int lock;
};
#define AQ_PORT_UNRESERVED ((struct aq_port){.lock = -1})

/* Reserves port `wanted`, or a free one when that is 0, for `protocol` ("tcp" or "udp") on the host's IPv4
   `address` (NULL: 127.0.0.1). A taken one is PORT_IN_USE naming the port and, where /proc tells, the
   program. `runtime_dir` is the runtime folder that all VMs share. */
int aq_port_reserve(int runtime_dir, const char *protocol, const char *address, uint16_t wanted,
                    struct aq_port *port, struct aq_error *err);

void aq_port_release(struct aq_port *port);

#define aq_autoport aq_cleanup(aq_port_release)

/* Is the port free? 0, or -1 with PORT_IN_USE as above, VALUE_INVALID for what is not an IPv4 address. */
int aq_port_check(const char *protocol, const char *address, uint16_t number, struct aq_error *err);

#endif
