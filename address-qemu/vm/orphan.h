/* SPDX-License-Identifier: MIT */
/*
 * A QEMU that nobody knows of. Between the moment that QEMU runs and the moment that this is on record, the
 * process that started it may be killed. Two things tell of it: its sockets, noted beforehand, are listened
 * on; and QEMU's own lock is on the disk. Nothing may be started over such a disk, and nothing removed under
 * it.
 */
#ifndef AQ_VM_ORPHAN_H
#define AQ_VM_ORPHAN_H

#include "vm/run.h"

/* Ends such a QEMU, if there is one, and waits until it has let go of the disk. The caller holds the VM's
   lock (vm_folder) and has seen that nothing that is on record runs; `run` is what the record says all the
   same. Of `vm`, only the name has to be known. VM_RUNNING when the disk is in use by something that cannot
   be told to end. */
int aq_orphan_end(const struct aq_vm *vm, int vm_folder, const struct aq_run *run, struct aq_error *err);

/* Tells whatever listens on the sockets that are on record to quit, and does not wait for it: for a VM that
   is to be removed with its disk. */
void aq_orphan_quit(const struct aq_run *run);

#endif
