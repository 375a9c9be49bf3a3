/* SPDX-License-Identifier: MIT */
/* Starting, pausing, stopping, renaming and removing a VM. Each takes the VM's lock for as long as it works.
 */
#ifndef AQ_VM_LIFECYCLE_H
#define AQ_VM_LIFECYCLE_H

#include "vm/run.h"
#include "vm/vm.h"

/* Boots the VM: 0 and `run`, or -1 with VM_RUNNING, BASE_CHANGED, BASE_MISSING, VM_SAVED, KVM_UNUSABLE,
   PORT_IN_USE, QEMU_FAILED, TOOL_MISSING, …; then nothing of it is left running. Returns as soon as QEMU
   runs; the guest is still booting. */
int aq_vm_start(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

enum aq_stop { AQ_STOP_CLEAN, AQ_STOP_FORCED };

/* Stops a running VM. Clean: the guest is asked to power off (through what listens in it, and by its power
   button), and after `patience_ms` QEMU is ended. Forced: QEMU is ended at once, as if the plug were
   pulled; what QEMU had not yet written is written. `how` tells which it came to be. VM_NOT_RUNNING,
   INTERRUPTED. */
int aq_vm_stop(const struct aq_vm *vm, enum aq_stop wish, int64_t patience_ms, enum aq_stop *how,
               struct aq_error *err);

/* Makes the VM's CPUs stand still, or go on. `changed` tells whether they did anything else before. `run` is
   as it is afterwards. VM_NOT_RUNNING, QMP_FAILED; after a failure of a pause the VM goes on. */
int aq_vm_pause(const struct aq_vm *vm, struct aq_run *run, bool *changed, struct aq_error *err);
int aq_vm_resume(const struct aq_vm *vm, struct aq_run *run, bool *changed, struct aq_error *err);

/* Puts a running VM's memory and devices away in its disk and ends it: 0, and the VM is "saved". After a
   failure it goes on as it was. VM_NOT_RUNNING, QMP_FAILED, TIMEOUT. */
int aq_vm_save_state(const struct aq_vm *vm, aq_deadline deadline, struct aq_error *err);

/* Goes on from there: as aq_vm_start. STATE_NOT_FOUND. After a failure the state is still saved. */
int aq_vm_restore_state(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* Gives the saved state up; fine if there is none. */
int aq_vm_discard_state(const struct aq_vm *vm, struct aq_error *err);

/* Gives a stopped VM another name; what its guest believes to be called stays. VM_NOT_FOUND, VM_RUNNING,
   VM_EXISTS. */
int aq_vm_rename(const char *name, const char *new_name, struct aq_error *err);

/* Removes a VM with its disk. A running one is VM_RUNNING, unless `force` ends it first; one whose disk is in
   use by a QEMU that is not on record is VM_RUNNING in any case. A VM whose record is damaged is removed too.
   VM_NOT_FOUND; NOT_SUPPORTED for one of a later version. */
int aq_vm_remove(const char *name, bool force, struct aq_error *err);

/* Removes a VM that a failed command has made, running or not, also after an interruption; but only that very
   one, by its id. Nothing to be done if that fails: `list` shows what is left. */
void aq_vm_discard(const struct aq_vm *vm);

#endif
