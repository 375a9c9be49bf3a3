/* SPDX-License-Identifier: MIT */
/*
 * What was begun on a VM's disk by a process that died, or could not know what came of it. Each such piece of
 * work is noted in the record before the first step that matters and taken out of it after the last, so that
 * whoever comes next settles it: ends it where it may have happened, takes it back where it has not.
 */
#ifndef AQ_VM_RECOVER_H
#define AQ_VM_RECOVER_H

#include "vm/vm.h"

/* Settles what is pending, if anything is. The caller holds the VM's lock (`lock` is its folder);
   `run_folder` is that of a VM which runs, else -1. `vm` is brought up to date. */
int aq_vm_recover(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err);

#endif
