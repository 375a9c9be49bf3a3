/* SPDX-License-Identifier: MIT */
/* VMs that go on from a template instead of booting. */
#ifndef AQ_VM_TEMPLATE_CLONE_H
#define AQ_VM_TEMPLATE_CLONE_H

#include "vm/run.h"
#include "vm/template.h"

/* Makes and starts a clone of a template: 0 when it has an identity and random numbers of its own and its
   programs run. Of the request, name, accel and ports count, the rest is as the template has it. The VM is in
   the store only from then on; after a failure - a repair that failed too: CLONE_UNREPAIRED - nothing is
   left. What aq_template_check and aq_vm_start fail with, TEMPLATE_NOT_FOUND, VM_EXISTS. One of a pool
   (vm/pool.h) is taken where there is one that will do: *pooled then. */
int aq_template_clone(const char *name, const struct aq_clone_request *request, struct aq_vm *vm,
                      struct aq_run *run, bool *pooled, struct aq_error *err);

/* The same for a pool: the VM is published in the open folder `place`, under a name that is made up, when it
   has run once and stands still again, guest and QEMU. */
int aq_template_clone_resting(const char *name, int place, const struct aq_clone_request *request,
                              struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* The same of what is in the open folder, which nobody else needs to know of: for forks. `template` has no
   name then. The caller holds its disk. */
int aq_template_clone_in(int folder, const struct aq_template *template,
                         const struct aq_clone_request *request, struct aq_vm *vm, struct aq_run *run,
                         struct aq_error *err);

/* The template that a clone of a base is made of without being asked for by name: one that was booted from
   that base and had nothing run in it, is as large as the clone is to be, and fits this host; the latest of
   them. 1 found, 0 there is none, and *why says what is in the way, in a few words. -1 BASE_NOT_FOUND, IO. */
int aq_template_find(const struct aq_clone_request *request, struct aq_template *template, char why[256],
                     struct aq_error *err);

/* Is a template that was asked for by name at least what the request's base or layer, memory, CPUs and disk
   ask for? VALUE_INVALID says what it lacks. */
int aq_template_check_wish(const char *name, const struct aq_clone_request *request, struct aq_error *err);

#endif
