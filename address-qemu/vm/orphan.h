/* SPDX-License-Identifier: MIT */
/*
 * A QEMU that nobody knows of. Between the moment that QEMU runs and the moment that this is on record, the
 * process that started it may be killed. Its sockets tell: they are listened on, though the record says that
 * nothing runs.
 */
#ifndef AQ_VM_ORPHAN_H
#define AQ_VM_ORPHAN_H

#include "util/error.h"

/* Ends such a QEMU, if there is one. `run_folder` is the VM's runtime folder; the caller holds the VM's lock,
   and has seen that no running VM is on record. */
int aq_orphan_end(int run_folder, struct aq_error *err);

#endif
