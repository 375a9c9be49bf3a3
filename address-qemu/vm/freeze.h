/* SPDX-License-Identifier: MIT */
/*
 * Freezing: a VM's disk becomes an immutable layer, and the VM goes on with an empty overlay on it. It costs
 * milliseconds whatever the disk holds, whether the VM runs or not.
 *
 * Steps, each of which survives the death of this process, of QEMU and of the machine:
 *   1. the overlay is made in the VM's folder, on a layer that is not there yet
 *   2. the record notes what is pending
 *   3. a running VM: QEMU switches to the overlay; the old disk is only read from then on
 *   4. the old disk is linked into a layer's folder, sealed and published
 *   5. the record: the overlay is the disk, the layer what it stands on, and nothing is pending
 *   6. the old disk's name in the VM's folder is removed
 * Whoever finds 2 asks a running QEMU whether it has switched: it goes on with 4, or takes 1 and 2 back. Of a
 * stopped VM nobody knows, and it does not matter: over a disk that nothing was written to since, an empty
 * overlay changes nothing, so it goes on with 4.
 */
#ifndef AQ_VM_FREEZE_H
#define AQ_VM_FREEZE_H

#include "image/layer.h"
#include "qemu/qmp.h"
#include "vm/hold.h"
#include "vm/quiesce.h"

/* Freezes the disk of a VM that is held, the guest (`quiet` may be NULL) standing still at that moment: 0 and
   the layer, with *held a descriptor that keeps it from being removed until it is closed. The caller has seen
   that the disk is in the VM's folder and has no internal snapshots. After a failure the VM is as it was, or
   the next command that holds it settles what is pending. QMP_FAILED, NO_SPACE, IO. */
int aq_vm_freeze(struct aq_vm_hold *hold, struct aq_quiet *quiet, struct aq_layer *layer, int *held,
                 struct aq_error *err);

/* Steps 1 and 2, and 3 alone, of a VM that runs, for those who have its monitor: aq_vm_freeze_settle, when
   the monitor is free again, has to follow whatever came of them. */
int aq_vm_freeze_begin(struct aq_vm_hold *hold, struct aq_error *err);
int aq_vm_freeze_switch(const struct aq_vm_hold *hold, struct aq_qmp *qmp, struct aq_error *err);

/* What came of a layer that a VM's disk was to become. */
struct aq_frozen {
    bool done; /* else it was taken back */
    struct aq_layer layer;
    int held;
};

/* Settles a freeze that is pending (vm/recover.h). `frozen` may be NULL. */
int aq_vm_freeze_settle(struct aq_vm *vm, int lock, int run_folder, struct aq_frozen *frozen,
                        struct aq_error *err);

#endif
