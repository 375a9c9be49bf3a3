/* SPDX-License-Identifier: MIT */
/* For vm/snapshot*.c: one snapshot in a list, and what may be called one. */
#ifndef AQ_VM_SNAPSHOT_FIND_H
#define AQ_VM_SNAPSHOT_FIND_H

#include "vm/snapshot.h"

/* The one that holds a saved state. No user's name begins with a dot, so it is never in a listing and never
 * meant by one. */
#define AQ_SNAPSHOT_SAVED_STATE ".saved-state"

/* VALUE_INVALID for what QEMU would take for an id. */
int aq_snapshot_check_name(const char *name, struct aq_error *err);

/* The snapshot of that name; NULL with SNAPSHOT_NOT_FOUND and the nearest there is. */
const struct aq_qcow2_snapshot *aq_snapshot_need(const struct aq_qcow2_snapshots *snapshots,
                                                 const struct aq_vm *vm, const char *name,
                                                 struct aq_error *err);

/* VM_HAS_SNAPSHOTS when the disk has any, that of a saved state included: `wish` ("be flattened") completes
   the sentence. `folder` is the VM's. */
int aq_snapshot_refuse(const struct aq_vm *vm, int folder, const char *wish, struct aq_error *err);

/* The same without an error. */
const struct aq_qcow2_snapshot *aq_snapshot_find(const struct aq_qcow2_snapshots *snapshots,
                                                 const char *name);

#endif
