/* SPDX-License-Identifier: MIT */
/* The names of a guest's virtio-serial ports, as QEMU is given them and guests find them. Plain macros:
   programs of the guest and the appliance have them too. */
#ifndef AQ_UTIL_GUEST_PORTS_H
#define AQ_UTIL_GUEST_PORTS_H

#define AQ_AGENT_PORT "org.qemu.guest_agent.0"

/* Followed by 0 … AQ_HELPER_PORTS - 1. Each serves one host process at a time, so there are several; whoever
   connects takes one that no other process holds. */
#define AQ_HELPER_PORT "org.address-qemu.helper."
#define AQ_HELPER_PORTS 4

#endif
