/* SPDX-License-Identifier: MIT */
/* The files of a VM's disk in its folder. */
#ifndef AQ_VM_DISK_H
#define AQ_VM_DISK_H

#include "vm/vm.h"

/* A file name for another disk of a VM, "disk-k3v9x0aq.qcow2", which no other file had or will have: a QEMU
   that runs may remember the names of those that went. free() it. */
char *aq_vm_disk_name(void);

/* The block node that a running QEMU gets such a file as: "disk0-k3v9x0aq". free() it. */
char *aq_vm_disk_node(const char *file);

/* Makes an empty overlay in a VM's folder, on the disk when it returns. `parent` need not be there yet. */
int aq_vm_make_overlay(int folder, const char *file, const struct aq_parent *parent, uint64_t size,
                       struct aq_error *err);

/* Puts into vm->disk_size what the disk's header says; the record may not have it yet. `folder` is the VM's.
 */
void aq_vm_read_size(struct aq_vm *vm, int folder);

/* Removes what is left in the folder of disks that are not the VM's any more. The caller holds the lock, and
   nothing is pending. */
void aq_vm_sweep_disks(const struct aq_vm *vm, int folder);

#endif
