/* SPDX-License-Identifier: MIT */
/*
 * Private networks: VMs of one user that reach each other. Such a network is nothing but its name in the
 * records of its VMs. One that is started is made known to those that run: for each a cable is made, and its
 * ends given to both companions. Who runs is told by a file beside the sockets of each; one lock makes starts
 * take turns, so that of two at once the later sees the earlier.
 */
#ifndef AQ_VM_PRIVATE_NETWORK_H
#define AQ_VM_PRIVATE_NETWORK_H

#include "util/wait.h"
#include "vm/run.h"

/* Is its network one of these? */
bool aq_private_network_has(const struct aq_vm *vm);

/* The domain of its VMs: "NAME.internal". In `text`, which it returns. */
#define AQ_PRIVATE_DOMAIN (AQ_NAME_MAX + sizeof ".internal")
const char *aq_private_network_domain(const struct aq_vm *vm, char text[AQ_PRIVATE_DOMAIN]);

/* Holds all private networks as they are. A descriptor, whose closing lets go. */
int aq_private_network_lock(struct aq_error *err);

/* Gives the VM an address of its own in its network, for ever, unless it has one; it is then in its record.
   The caller holds the VM's lock (`lock`). LIMIT_EXCEEDED. */
int aq_private_network_assign(struct aq_vm *vm, int lock, struct aq_error *err);

/* Makes the VM, whose companion `fd` is a conversation with, and all that run in its network known to each
   other, and leaves word for those that come later. The caller holds the networks' lock until the companion
   can be reached. ADDRESS_IN_USE, LIMIT_EXCEEDED. */
int aq_private_network_join(const struct aq_vm *vm, int run_folder, int fd, aq_deadline deadline,
                            struct aq_error *err);

#endif
