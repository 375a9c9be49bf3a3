/* SPDX-License-Identifier: MIT */
/* Making a VM of what it is to be: for vm/clone*.c and vm/create.c. */
#ifndef AQ_VM_MAKE_H
#define AQ_VM_MAKE_H

#include "vm/vm.h"

/* Fills in what every VM gets for itself and what the request says: id, MAC address, time, ports; and of the
   rest (disk_size, memory, cpus, network, accel) what is there already stays where the request does not say.
   LIMIT_EXCEEDED, DISK_SHRINK. */
int aq_vm_fill(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err);

/* Makes the VM's folder, with an overlay on vm->parent as its disk (unless vm->disk is a user's own file) and
   the record, and publishes it, durable, under request->name or a made-up one. The caller holds the parent
   shared. VM_EXISTS, LIMIT_EXCEEDED when the disk would be made of too many images, and what the chain's
   check fails with. */
int aq_vm_make(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err);

#endif
