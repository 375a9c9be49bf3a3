/* SPDX-License-Identifier: MIT */
/*
 * Extracting: a layer is made of what a VM's disk holds now, or held at a snapshot, besides what it stands
 * on. The VM is left alone; it costs as much as it holds of its own. The id of such a layer tells what was
 * extracted, so that many clones of one snapshot, or of one stopped VM, share one.
 */
#ifndef AQ_VM_EXTRACT_H
#define AQ_VM_EXTRACT_H

#include "image/layer.h"
#include "qemu/qmp.h"
#include "vm/hold.h"
#include "vm/quiesce.h"

/* Extracts the present state (`snapshot` NULL) or that of a snapshot of a VM that is held: 0 and the layer,
   with *held a descriptor that keeps it from being removed until it is closed. SNAPSHOT_NOT_FOUND,
   TOOL_FAILED, QMP_FAILED, NO_SPACE, INTERRUPTED; after a failure nothing is left. */
int aq_vm_extract(struct aq_vm_hold *hold, const char *snapshot, struct aq_quiet *quiet,
                  struct aq_layer *layer, int *held, struct aq_error *err);

/* The same of a running VM at a moment in which it stands still, in steps, so that it does not have to do so
   while all of it is copied. Initialise with AQ_FOLLOWING_NONE; aq_vm_follow_close at the end. */
struct aq_following {
    struct aq_qmp *qmp; /* the caller's; NULL: nothing is followed (any more) */
    struct aq_stage stage;
    char id[AQ_LAYER_ID_TEXT];
};
#define AQ_FOLLOWING_NONE                                                                                    \
    {                                                                                                        \
        .stage = AQ_STAGE_NONE                                                                               \
    }

/* Copies what it holds, and from then on what is written. */
int aq_vm_follow_begin(const struct aq_vm_hold *hold, struct aq_qmp *qmp, struct aq_following *following,
                       struct aq_error *err);

/* It stands still: this is what the layer is to hold. */
int aq_vm_follow_end(struct aq_following *following, struct aq_error *err);

/* Makes it a layer; as aq_vm_extract. */
int aq_vm_follow_publish(const struct aq_vm_hold *hold, struct aq_following *following,
                         struct aq_layer *layer, int *held, struct aq_error *err);

void aq_vm_follow_close(struct aq_following *following);

#endif
