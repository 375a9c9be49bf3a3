/* SPDX-License-Identifier: MIT */
/* What a VM's record says of its saved state, held against what became of it. */
#ifndef AQ_VM_SAVED_STATE_H
#define AQ_VM_SAVED_STATE_H

#include "vm/run.h"

/* Voids the note of a state that the VM has gone on from, because whoever had it go on, or saved it, was
   killed before he could: going back to it would lose all that the VM did since. `run_folder` is that of its
   sockets, -1 for a VM that does not run. `vm` and `run` are as they are afterwards. */
int aq_vm_settle_saved(struct aq_vm *vm, int lock, struct aq_run *run, int run_folder, struct aq_error *err);

/* The same for a VM that is running, where failing must not be in the way. */
void aq_vm_went_on(const char *name, int lock, struct aq_run *run, int run_folder);

#endif
