/* SPDX-License-Identifier: MIT */
/* A VM of the store as a machine for QEMU: one list of devices for all that it may begin with. */
#ifndef AQ_VM_MACHINE_H
#define AQ_VM_MACHINE_H

#include "qemu/machine.h"
#include "vm/vm.h"

/* What guests see their disk by. */
#define AQ_DISK_SERIAL "root"

/* Strings are the VM's. `machine_type` NULL: "q35". */
struct aq_machine aq_vm_machine(const struct aq_vm *vm, enum aq_accel accel, const char *machine_type,
                                const struct aq_disk *disk);

/* The shape (qemu/machine.h) of that. */
uint64_t aq_vm_shape(const struct aq_vm *vm, enum aq_accel accel, const char *machine_type);

#endif
