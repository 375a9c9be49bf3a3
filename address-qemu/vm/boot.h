/* SPDX-License-Identifier: MIT */
/* Whether a VM can be booted with the kernel that its base brings along (image/boot.h). */
#ifndef AQ_VM_BOOT_H
#define AQ_VM_BOOT_H

#include "image/base.h"
#include "image/chain.h"
#include "qemu/machine.h"

/* Zero-initialise, aq_vm_boot_free at the end; `machine` points into the rest. */
struct aq_vm_boot {
    struct aq_base base;
    char *kernel, *initrd;
    struct aq_machine_kernel machine;
};

void aq_vm_boot_free(struct aq_vm_boot *boot);

/* Does the chain of a disk end at a base with a kernel, and does no image above it touch the boot area? Then
   `boot` is filled in. No is no error: the disk boots by itself. */
bool aq_vm_boot_find(const struct aq_chain *chain, struct aq_vm_boot *boot);

#endif
