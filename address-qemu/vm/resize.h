/* SPDX-License-Identifier: MIT */
/* Larger disks. */
#ifndef AQ_VM_RESIZE_H
#define AQ_VM_RESIZE_H

#include "vm/run.h"
#include "vm/vm.h"

/* Makes a VM's disk larger, running or stopped: what is beyond its end reads as zeros. *before is what it
   was. The same size is no error. DISK_SHRINK, VM_SAVED, LIMIT_EXCEEDED, QMP_FAILED, TOOL_FAILED, NO_SPACE.
 */
int aq_vm_resize(const char *name, uint64_t size, uint64_t *before, struct aq_error *err);

/* The same of a VM that is held: may its disk have that size, which is rounded up to whole sectors? And what
   makes the file of a stopped one larger, the record not. */
int aq_vm_resize_check(const struct aq_vm *vm, uint64_t *size, struct aq_error *err);
int aq_vm_resize_file(const struct aq_vm *vm, int lock, uint64_t size, struct aq_error *err);

/* What a guest has made of it, in bytes; 0 where it does not apply. */
struct aq_grown {
    uint64_t partition, partition_before;
    uint64_t file_system, file_system_before;
    char kind[16]; /* of the file system */
};

/* From the lines that guest/server/grow.h says it in. */
void aq_grown_read(const char *words, struct aq_grown *grown);

/* Has a running guest give its root partition and file system all of the disk. It needs no tools for that but
   our rexx-guest, which is brought where it is missing. What aq_guest_open and aq_guest_ensure_runner fail
   with; GUEST_REFUSED with the guest's own words where it cannot be done. */
int aq_vm_grow_guest(const struct aq_vm *vm, aq_deadline deadline, struct aq_grown *grown,
                     struct aq_error *err);

#endif
