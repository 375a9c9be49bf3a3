/* SPDX-License-Identifier: MIT */
/*
 * Snapshots of a VM, kept inside its qcow2 file: of the disk alone, or with the RAM and devices of a running
 * VM. Each function that changes anything holds the VM's lock while it works. QEMU takes a name of digits
 * for an id, so such a name is VALUE_INVALID.
 */
#ifndef AQ_VM_SNAPSHOT_H
#define AQ_VM_SNAPSHOT_H

#include "image/qcow2.h"
#include "vm/run.h"
#include "vm/vm.h"

/* AUTO: with memory when the VM runs. */
enum aq_snapshot_memory { AQ_SNAPSHOT_AUTO, AQ_SNAPSHOT_DISK, AQ_SNAPSHOT_MEMORY };

/* The snapshots that the VM has, oldest first, whether it runs or not. RECORD_INVALID when the disk is gone.
 */
int aq_vm_snapshots(const struct aq_vm *vm, struct aq_qcow2_snapshots *snapshots, struct aq_error *err);

/* Takes a snapshot. One of a running VM's disk alone takes milliseconds and does not stop it, but what the
   guest has not written to its disk is not in it: sync the guest first. `with_memory` (may be NULL) tells
   what came of AUTO. SNAPSHOT_EXISTS, VM_NOT_RUNNING (memory of a stopped one), QMP_FAILED, TOOL_FAILED,
   NO_SPACE, TIMEOUT. A VM that ran goes on, whatever happens. */
int aq_vm_snapshot(const struct aq_vm *vm, const char *name, enum aq_snapshot_memory memory,
                   aq_deadline deadline, bool *with_memory, struct aq_error *err);

/* Puts the VM back to what it was. A snapshot with memory leaves it running (also when it was stopped); one
   of the disk alone wants a stopped VM (VM_RUNNING). `run` is filled in and 1 returned when it runs
   afterwards, 0 when it is stopped. SNAPSHOT_NOT_FOUND has the nearest name. VM_SAVED. */
int aq_vm_snapshot_restore(const struct aq_vm *vm, const char *name, aq_deadline deadline, struct aq_run *run,
                           struct aq_error *err);

/* Removes a snapshot of a running or stopped VM; the VM itself stays as it is. SNAPSHOT_NOT_FOUND. */
int aq_vm_snapshot_remove(const struct aq_vm *vm, const char *name, aq_deadline deadline,
                          struct aq_error *err);

#endif
