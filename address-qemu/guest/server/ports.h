/* SPDX-License-Identifier: MIT */
/* Finding the virtio-serial ports that are meant for us. */
#ifndef AQ_GUEST_SERVER_PORTS_H
#define AQ_GUEST_SERVER_PORTS_H

#include <stddef.h>

#define AQ_PORTS_MAX 16

struct aq_port_name {
    char device[64]; /* such as /dev/vport1p2 */
};

/* Lists the device nodes of the ports named org.address-qemu.helper.*, by sysfs, and by udev's links where
   sysfs is not mounted. A node that is missing is made. Returns how many. */
size_t aq_ports_find(struct aq_port_name ports[AQ_PORTS_MAX]);

/* A socket that is readable when devices have come or changed (the kernel's own messages: udev is not
   needed); -1 if there is none. */
int aq_ports_watch(void);

#endif
