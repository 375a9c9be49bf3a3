/* SPDX-License-Identifier: MIT */
/*
 * The policy (policy/policy.h) of VMs: what one may be, how many there may be, and how much those that run
 * may have together. Several processes that make and start VMs at once are counted one after another, those
 * under way too, so that no more get through than are allowed. All fail with POLICY_REFUSED or
 * POLICY_INVALID.
 */
#ifndef AQ_VM_ADMIT_H
#define AQ_VM_ADMIT_H

#include "policy/policy.h"
#include "vm/run.h"

/* May there be such a VM, and may it run? Its memory, CPUs, base, network and disk. */
int aq_vm_admit(const struct aq_vm *vm, struct aq_error *err);

/* The same of `count` that are to be made like that, by a name or none yet, and may there be as many more?
   For what would be changed before the first is made; each is asked for again when it is. */
int aq_vm_admit_more(const struct aq_vm *vm, const char *name, unsigned count, bool running,
                     struct aq_error *err);

/* The same of one, and if so the stage that it is to be made in (as aq_stage_open); which counts it. `vms` is
   the open folder of all VMs. */
int aq_vm_stage(int vms, const struct aq_vm *vm, struct aq_stage *stage, struct aq_error *err);

/* May it run besides those that run? Where there is such a limit the run is noted in its open folder, which
   the caller holds locked, so that others see it coming. */
int aq_vm_admit_run(const struct aq_vm *vm, int folder, const struct aq_run *run, struct aq_error *err);

/* May one that runs already become a VM of this folder? *gate is held (-1: it need not be) until it can be
   seen there; to be closed. */
int aq_vm_admit_running(int vms, const struct aq_vm *vm, int *gate, struct aq_error *err);

/* What there is now. */
struct aq_vm_census {
    unsigned vms;
    uint64_t memory; /* bytes, of those that run */
    unsigned cpus;
};

/* Counts the VMs below the open folder, but in what runs not the one with that id (NULL: all). */
int aq_vm_census(int vms, const char *but, struct aq_vm_census *census, struct aq_error *err);

#endif
