/* SPDX-License-Identifier: MIT */
/* Snapshots of a VM that does not run, by qemu-img on its disk. */
#ifndef AQ_VM_SNAPSHOT_FILE_H
#define AQ_VM_SNAPSHOT_FILE_H

#include "vm/vm.h"

enum aq_snapshot_file { AQ_SNAPSHOT_FILE_CREATE, AQ_SNAPSHOT_FILE_APPLY, AQ_SNAPSHOT_FILE_DELETE };

/* The caller holds the VM's `lock`, and has seen that it does not run. Not ended by an interruption: half a
   change would be worse than a moment's wait; nor by the death of this process: the lock is held until it is
   done. TOOL_MISSING, TOOL_FAILED. */
int aq_snapshot_file(const struct aq_vm *vm, int lock, enum aq_snapshot_file what, const char *name,
                     struct aq_error *err);

#endif
