/* SPDX-License-Identifier: MIT */
/* Starting a VM whose lock is held already. */
#ifndef AQ_VM_START_H
#define AQ_VM_START_H

#include "qemu/qmp.h"
#include "vm/run.h"

/* As aq_vm_start; `lock` is the descriptor of aq_vm_lock, still the caller's. `from`, unless NULL, is a
   snapshot with memory, in whose state the VM goes on instead of booting. VM_RUNNING when it runs. */
int aq_vm_start_locked(const struct aq_vm *vm, int lock, const char *from, struct aq_run *run,
                       struct aq_error *err);

/* What a VM begins with. Zero-initialise: it boots, with memory of QEMU's own. */
struct aq_origin {
    const char *snapshot; /* a snapshot with memory, of its own disk; it is left standing still */
    const char *ram;      /* the absolute path of the file that its RAM is: that of a template in the making,
                             or of one that is finished, with its … */
    int state;            /* … >0: the devices' state to go on with, open for reading; loading it goes on
                             when this returns (the event MIGRATION tells) */
    const char *machine_type; /* the board that this wants; NULL: "q35" */
    const char *accel;        /* and the accelerator; NULL: as the VM has it */
    const char *cpu_model;    /* and the CPU; NULL: the accelerator's */
    /* Called when QEMU has been started and before it is waited for, with the folder of its sockets; may be
       NULL. */
    int (*meanwhile)(void *data, int run_folder, struct aq_error *err);
    void *data;
};

/* Starts a VM in its open folder, published or not, which the caller holds and of which it is known that
   nothing runs there. `qmp` gets its monitor. As aq_vm_start. */
int aq_vm_start_in(const struct aq_vm *vm, int folder, const struct aq_origin *origin, struct aq_run *run,
                   struct aq_qmp **qmp, struct aq_error *err);

#endif
