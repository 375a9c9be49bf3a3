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

/* What a snapshot came to be. */
struct aq_snapshot_taken {
    bool memory;   /* it has the VM's memory */
    bool quiesced; /* the guest had written everything to its disk */
};

/* AUTO: with memory when the VM runs. */
enum aq_snapshot_memory { AQ_SNAPSHOT_AUTO, AQ_SNAPSHOT_DISK, AQ_SNAPSHOT_MEMORY };

/* The snapshots that the VM has, oldest first, whether it runs or not. RECORD_INVALID when the disk is gone.
 */
int aq_vm_snapshots(const struct aq_vm *vm, struct aq_qcow2_snapshots *snapshots, struct aq_error *err);

/* Takes a snapshot. One of a running VM's disk alone takes milliseconds and does not stop it; what the guest
   has not written to its disk is not in it, so `quiesce` has its file systems frozen for that moment. One
   with memory needs no such thing; with MUST the guest writes what it holds before. `taken` (may be NULL)
   tells what it came to be. SNAPSHOT_EXISTS, VM_NOT_RUNNING (memory of a stopped one), QMP_FAILED,
   TOOL_FAILED, NO_SPACE, TIMEOUT. A VM that ran goes on, whatever happens. */
int aq_vm_snapshot(const struct aq_vm *vm, const char *name, enum aq_snapshot_memory memory,
                   enum aq_quiesce quiesce, aq_deadline deadline, struct aq_snapshot_taken *taken,
                   struct aq_error *err);

/* Puts the VM back to what it was. A snapshot with memory leaves it running (also when it was stopped); one
   of the disk alone wants a stopped VM (VM_RUNNING). `run` is filled in and 1 returned when it runs
   afterwards, 0 when it is stopped. SNAPSHOT_NOT_FOUND has the nearest name. VM_SAVED. */
int aq_vm_snapshot_restore(const struct aq_vm *vm, const char *name, aq_deadline deadline, struct aq_run *run,
                           struct aq_error *err);

/* Removes a snapshot of a running or stopped VM; the VM itself stays as it is. SNAPSHOT_NOT_FOUND. */
int aq_vm_snapshot_remove(const struct aq_vm *vm, const char *name, aq_deadline deadline,
                          struct aq_error *err);

#endif
