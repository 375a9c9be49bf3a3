/* SPDX-License-Identifier: MIT */
/* Who has a port: for the sentence that says it is taken. */
#ifndef AQ_QEMU_PORT_OWNER_H
#define AQ_QEMU_PORT_OWNER_H

#include <stdint.h>

/* "nginx (process 812)"; NULL when /proc does not tell, as for another user's process. free() it. (Source:
   proc(5), /proc/net/tcp and /proc/PID/fd.) */
char *aq_port_owner(const char *protocol, uint16_t number);

#endif
