/* SPDX-License-Identifier: MIT */
/* Snapshots of a VM's disk, kept inside its qcow2 file. */
#ifndef AQ_VM_SNAPSHOT_H
#define AQ_VM_SNAPSHOT_H

#include "vm/run.h"
#include "vm/vm.h"

/* Takes a snapshot of a running VM's disk, in milliseconds and without stopping it. What the guest has not
   written to its disk is not in it: sync the guest first. SNAPSHOT_EXISTS, QMP_FAILED, TIMEOUT. */
int aq_vm_snapshot(const struct aq_vm *vm, const char *snapshot, aq_deadline deadline, struct aq_error *err);

#endif
