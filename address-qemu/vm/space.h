/* SPDX-License-Identifier: MIT */
/*
 * Is there room on the host for what is about to be written? Looked at before anything is begun: a disk that
 * is full in the middle also stops the guests that write to it.
 */
#ifndef AQ_VM_SPACE_H
#define AQ_VM_SPACE_H

#include "vm/hold.h"

/* NO_SPACE unless that many bytes are free where `path` is. `what` begins the sentence: "the memory of VM
 * web". */
int aq_need_space(const char *path, uint64_t bytes, const char *what, struct aq_error *err);

/* For the memory of a VM that runs, in its own disk: as much as its QEMU has of it. */
int aq_vm_need_memory_space(const struct aq_vm_hold *hold, struct aq_error *err);

#endif
