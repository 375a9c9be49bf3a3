/* SPDX-License-Identifier: MIT */
/* Making a VM of what it is to be: for vm/clone*.c, vm/create.c and vm/template*.c. */
#ifndef AQ_VM_MAKE_H
#define AQ_VM_MAKE_H

#include "vm/vm.h"

/* Fills in what every VM gets for itself and what the request says: id, MAC address, time, ports; and of the
   rest (disk_size, memory, cpus, network, accel) what is there already stays where the request does not say.
   LIMIT_EXCEEDED, DISK_SHRINK. */
int aq_vm_fill(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err);

/* What a VM has of its base: the disk that it stands on, and how large it is. The caller holds the base. */
struct aq_base;
void aq_vm_take_base(const struct aq_base *base, struct aq_vm *vm);

/* The same of a layer, which says nothing of memory and CPUs: the request has to. */
struct aq_layer;
void aq_vm_take_layer(const struct aq_layer *layer, const struct aq_clone_request *request, struct aq_vm *vm);

/* Makes the VM's folder, with an overlay on vm->parent as its disk (unless vm->disk is a user's own file) and
   the record, and publishes it, durable, under request->name or a made-up one. The caller holds the parent
   shared. VM_EXISTS, LIMIT_EXCEEDED when the disk would be made of too many images, and what the chain's
   check fails with. */
int aq_vm_make(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err);

/* The same in steps, for a VM that is started before it is published. */

/* Gives it the name that was asked for, or a made-up one. VM_EXISTS if that is taken below the open folder.
 */
int aq_vm_name(const struct aq_clone_request *request, int vms, struct aq_vm *vm, struct aq_error *err);

/* Makes disk and record in the folder; and sees both to the storage. */
int aq_vm_write_files(int folder, const struct aq_vm *vm, struct aq_error *err);
int aq_vm_sync_files(int folder, const struct aq_vm *vm, struct aq_error *err);

/* Publishes it, durably, under request->name (VM_EXISTS when it is taken) or under made-up ones until one is
   free; vm->name is then that. */
int aq_vm_publish(struct aq_stage *stage, const struct aq_clone_request *request, struct aq_vm *vm,
                  struct aq_error *err);

#endif
