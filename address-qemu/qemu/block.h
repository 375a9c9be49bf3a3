/* SPDX-License-Identifier: MIT */
/*
 * What is done to the disk of a QEMU that runs, through its monitor. The disk is the first one of the machine
 * ("virtio-disk0"); the image that it writes to may change while it runs, so its block node is asked for.
 */
#ifndef AQ_QEMU_BLOCK_H
#define AQ_QEMU_BLOCK_H

#include "qemu/qmp.h"

/* The node that the disk writes to now. free() it; NULL on failure. */
char *aq_qmp_disk_node(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);

/* Opens the overlay `path` as `node` and has the disk write to it from now on; what it wrote to before
   becomes what is below, is only read from, and its lock for writing is let go of. It takes milliseconds and
   is all or nothing. The VM is not stopped. */
int aq_qmp_put_overlay(struct aq_qmp *qmp, const char *path, const char *node, aq_deadline deadline,
                       struct aq_error *err);

/* Copies what the disk's top image holds at the moment of `begin` (nothing of what is below it) into another
   overlay, whose options as a block device are `target` (consumed). The VM goes on meanwhile. free() *job. */
int aq_qmp_copy_top_begin(struct aq_qmp *qmp, json_t *target, aq_deadline deadline, char **job,
                          struct aq_error *err);
int aq_qmp_copy_top_end(struct aq_qmp *qmp, const char *job, aq_deadline deadline, struct aq_error *err);

/* Copies all that is below the disk's top image into that, which stands alone then, and closes the rest. The
   VM goes on meanwhile. After a failure the chain is as it was. */
int aq_qmp_flatten(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);

/* Has QEMU write all that it holds of the disk, the image's own tables included, and waits until it is there.
 */
int aq_qmp_flush(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);

/* The same in two steps: the first returns when `target` holds what the top image does, and from then on gets
   what is written; the second, for a VM that stands still, ends that, and `target` holds what the disk holds
   then. Giving it up in between is fine at any time. Whoever dies meanwhile leaves a job in QEMU; the words,
   said to its monitor, end that. */
#define AQ_FOLLOW_JOB AQ_QMP_JOB_PREFIX "follow"
#define AQ_FOLLOW_CANCEL_WORDS                                                                               \
    "{\"execute\": \"block-job-cancel\", \"arguments\": {\"device\": \"" AQ_FOLLOW_JOB                       \
    "\", \"force\": true}}\n"
int aq_qmp_follow_top(struct aq_qmp *qmp, json_t *target, aq_deadline deadline, struct aq_error *err);
int aq_qmp_follow_end(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);
void aq_qmp_follow_give_up(struct aq_qmp *qmp);

#endif
