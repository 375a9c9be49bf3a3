/* SPDX-License-Identifier: MIT */
/*
 * VMs that nobody has paused and that stand still all the same: QEMU stops a VM by itself when the host's
 * disk is full, so that its guest sees no error. Once there is room again `resume` has it do what it wanted
 * to.
 */
#ifndef AQ_VM_HALT_H
#define AQ_VM_HALT_H

#include "vm/run.h"

/* Why that running VM stands still, as half a sentence; NULL when it does not, or QEMU does not say so at
 * once. */
const char *aq_vm_halted(const struct aq_run *run);

/* What went wrong with that VM's guest comes of its standing still, if it does: then that is the error
 * (VM_PAUSED). Errors that only a guest which answers can give, and interruptions, are left as they are. */
void aq_vm_blame_halt(const struct aq_vm *vm, struct aq_error *err);

#endif
