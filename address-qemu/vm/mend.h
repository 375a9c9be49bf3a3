/* SPDX-License-Identifier: MIT */
/*
 * Going back to a snapshot swaps the tables of a qcow2 file for others and counts anew what they refer to, in
 * several steps. A QEMU or qemu-img that is killed between them leaves tables that seem to belong to the disk
 * alone and belong to the snapshot too: what is written next would change the snapshot as well. So it is
 * noted in the VM's record before, and whoever finds the note has the file put in order first.
 */
#ifndef AQ_VM_MEND_H
#define AQ_VM_MEND_H

#include "vm/vm.h"

/* Before, and when it is known to be over, done or not. `lock` is the VM's, held. */
int aq_vm_restore_begin(struct aq_vm *vm, int lock, struct aq_error *err);
int aq_vm_restore_end(struct aq_vm *vm, int lock, struct aq_error *err);

/* Settles one that is pending (vm/recover.h): waits for a QEMU that lives, else has the file checked and put
   in order. TOOL_FAILED, NO_SPACE; the note stays then. */
int aq_vm_restore_settle(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err);

#endif
