/* SPDX-License-Identifier: MIT */
/*
 * Stopping and restarting one run of a VM and no other: for a monitor, which has judged that run, while the
 * VM's user may stop and start it as well.
 *
 * Such a restart is noted in the VM's folder before the guest is told anything, so that another process can
 * finish it. The note goes when the VM is started or stopped by anybody: what a user does last is what
 * counts.
 */
#ifndef AQ_VM_RESTART_H
#define AQ_VM_RESTART_H

#include "vm/lifecycle.h"

/* As aq_vm_stop with AQ_STOP_CLEAN; VM_NOT_RUNNING when it is another run by now, or none. */
int aq_vm_stop_run(const struct aq_vm *vm, const struct aq_process_id *only, int64_t patience_ms,
                   enum aq_stop *how, struct aq_error *err);

/* Stops that run, unless such a restart has stopped it already, and starts the VM. VM_NOT_RUNNING, and the VM
   is left as it is, when it is another run by now or none, or when somebody has stopped or started it between
   the two steps. */
int aq_vm_restart_run(const struct aq_vm *vm, const struct aq_process_id *only, int64_t patience_ms,
                      enum aq_stop *how, struct aq_run *run, struct aq_error *err);

/* Is the restart of some run under way, or cut short? */
bool aq_restart_pending(int vm_folder, struct aq_process_id *only);

/* It is over. Fine if there is none. */
void aq_restart_forget(int vm_folder);

/* A run as a command's parameter has it, "PID:START": free() the text; is it one? */
char *aq_run_text(const struct aq_process_id *run);
bool aq_run_of_text(const char *text, struct aq_process_id *run);

/* --- for vm/stop.c --- */

/* The rest of a stop. The caller holds the VM and has read what runs. */
int aq_vm_stop_locked(const struct aq_vm *vm, int vm_folder, struct aq_run *run, enum aq_stop wish,
                      int64_t patience_ms, enum aq_stop *how, struct aq_error *err);

#endif
