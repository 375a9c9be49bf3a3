/* SPDX-License-Identifier: MIT */
/*
 * What a state with memory is bound to. The devices of a machine are those of its versioned type
 * ("pc-q35-7.2"), and its memory knows its CPU; so the VM's record keeps both when such a state is made, and
 * they are used as long as there is one. A later QEMU still has the types of earlier ones for years.
 */
#ifndef AQ_VM_BOUND_H
#define AQ_VM_BOUND_H

#include "vm/hold.h"

/* Asks the running QEMU, and writes it into the record. Before the state is made. */
int aq_vm_bind(struct aq_vm_hold *hold, struct aq_error *err);

/* The versioned type of the machine that runs, as its QEMU says it. */
int aq_vm_machine_type(int run_folder, char *machine, size_t size, struct aq_error *err);

/* Does what is kept count? It does for a VM that goes on from a state, and for one that has a snapshot with
   memory, which may be restored while it runs. */
bool aq_vm_is_bound(const struct aq_vm *vm, bool goes_on);

#endif
