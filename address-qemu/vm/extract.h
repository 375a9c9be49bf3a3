/* SPDX-License-Identifier: MIT */
/*
 * Extracting: a layer is made of what a VM's disk holds now, or held at a snapshot, besides what it stands
 * on. The VM is left alone; it costs as much as it holds of its own. The id of such a layer tells what was
 * extracted, so that many clones of one snapshot, or of one stopped VM, share one.
 */
#ifndef AQ_VM_EXTRACT_H
#define AQ_VM_EXTRACT_H

#include "image/layer.h"
#include "vm/hold.h"
#include "vm/quiesce.h"

/* Extracts the present state (`snapshot` NULL) or that of a snapshot of a VM that is held: 0 and the layer,
   with *held a descriptor that keeps it from being removed until it is closed. SNAPSHOT_NOT_FOUND,
   TOOL_FAILED, QMP_FAILED, NO_SPACE, INTERRUPTED; after a failure nothing is left. */
int aq_vm_extract(struct aq_vm_hold *hold, const char *snapshot, struct aq_quiet *quiet,
                  struct aq_layer *layer, int *held, struct aq_error *err);

#endif
