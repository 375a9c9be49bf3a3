/* SPDX-License-Identifier: MIT */
/* Is there memory for some more VMs? Asked before they are started: a refusal is better than what the kernel
 * does when there is none. */
#ifndef AQ_VM_MEMORY_H
#define AQ_VM_MEMORY_H

#include "vm/template.h"

/* What a clone of the template is going to take, in bytes: by what those that run take (each its share of
   what they have in common), or by experience where there is none yet. */
uint64_t aq_memory_of_clone(const struct aq_template *template);

/* The same by experience alone. */
uint64_t aq_memory_of_vm(unsigned memory_mib);

/* MEMORY_SHORT when that many VMs of that size do not fit into what the host, and the control group that we
   are in, still have. */
int aq_memory_check(uint64_t count, uint64_t each, struct aq_error *err);

#endif
