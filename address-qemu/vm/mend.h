/* SPDX-License-Identifier: MIT */
/*
 * Taking a snapshot, going back to one and removing one change the tables of a qcow2 file, and how often what
 * they refer to is counted, in several steps. A QEMU or qemu-img that is killed between them leaves a file
 * that is not in order: after going back, what is written next would even change the snapshot as well. So it
 * is noted in the VM's record before, and whoever finds the note has the file put in order first.
 */
#ifndef AQ_VM_MEND_H
#define AQ_VM_MEND_H

#include "util/process.h"
#include "vm/vm.h"

/* Before, and when it is known to be over, done or not. `lock` is the VM's, held. */
int aq_vm_tables_begin(struct aq_vm *vm, int lock, struct aq_error *err);
int aq_vm_tables_end(struct aq_vm *vm, int lock, struct aq_error *err);

/* The same of what that QEMU was told to do, which came to `done` (0, or -1 with *err): ends it unless QEMU
   has died or has not answered. Returns `done`. */
int aq_vm_tables_done(struct aq_vm *vm, int lock, const struct aq_process_id *qemu, int done,
                      const struct aq_error *err);

/* Settles one that is pending (vm/recover.h): waits for a QEMU that lives, else has the file checked and put
   in order. TOOL_FAILED, NO_SPACE; the note stays then. */
int aq_vm_tables_settle(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err);

#endif
