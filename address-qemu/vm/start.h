/* SPDX-License-Identifier: MIT */
/* Starting a VM whose lock is held already. */
#ifndef AQ_VM_START_H
#define AQ_VM_START_H

#include "vm/run.h"

/* As aq_vm_start; `lock` is the descriptor of aq_vm_lock, still the caller's. `from`, unless NULL, is a
   snapshot with memory, in whose state the VM goes on instead of booting. VM_RUNNING when it runs. */
int aq_vm_start_locked(const struct aq_vm *vm, int lock, const char *from, struct aq_run *run,
                       struct aq_error *err);

#endif
