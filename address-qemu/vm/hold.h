/* SPDX-License-Identifier: MIT */
/*
 * A VM that is held while something is done to its disk: its lock is taken, its record is read under that
 * lock, what an earlier process has left half done is settled, and it is known whether it runs.
 */
#ifndef AQ_VM_HOLD_H
#define AQ_VM_HOLD_H

#include "vm/run.h"
#include "vm/vm.h"

struct aq_vm_hold {
    struct aq_vm vm;
    int lock; /* its folder */
    bool running;
    struct aq_run run;
    int run_folder; /* -1 when it does not run */
};

#define AQ_VM_HOLD_NONE                                                                                      \
    {                                                                                                        \
        .lock = -1, .run_folder = -1                                                                         \
    }

/* Initialise with AQ_VM_HOLD_NONE; aq_vm_let_go at the end, also after a failure. Nothing of the VM runs that
   is not on record afterwards. VM_NOT_FOUND, VM_BUSY, and what settling fails with. */
int aq_vm_hold(const char *name, struct aq_vm_hold *hold, struct aq_error *err);

void aq_vm_let_go(struct aq_vm_hold *hold);
#define aq_autohold aq_cleanup(aq_vm_let_go)

/* For what needs the VM to be stopped: VM_RUNNING, completed by what for ("a base is changed under it");
   VM_SAVED when it has a saved state that would be lost. */
int aq_vm_hold_need_stopped(const struct aq_vm_hold *hold, const char *wish, struct aq_error *err);

#endif
