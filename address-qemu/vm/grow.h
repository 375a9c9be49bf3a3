/* SPDX-License-Identifier: MIT */
/*
 * A stopped VM's disk made larger together with what is in it: whoever does that works in an overlay in the
 * VM's folder, and until all of it is there the disk is not touched. Then the record notes the overlay, and
 * what it holds goes down into the disk; copied once more, it is the same. Internal snapshots stay what they
 * were.
 */
#ifndef AQ_VM_GROW_H
#define AQ_VM_GROW_H

#include "vm/hold.h"

/* Makes an overlay of that size on the disk of the held VM: its name in the VM's folder. NULL on failure.
   free() it. What is left there of somebody who died, the next start sweeps. */
char *aq_vm_grow_overlay(const struct aq_vm_hold *hold, uint64_t size, struct aq_error *err);

/* What the overlay holds, which nobody writes to any more, becomes the disk's, and the overlay goes, whatever
   comes of it. NO_SPACE before anything is touched; what fails later is ended by the next command that uses
   the VM. */
int aq_vm_grow_adopt(struct aq_vm_hold *hold, const char *overlay, struct aq_error *err);

/* The rest of one that is pending: for vm/recover.h. */
int aq_vm_grow_settle(struct aq_vm *vm, int lock, struct aq_error *err);

#endif
