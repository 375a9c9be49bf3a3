/* SPDX-License-Identifier: MIT */
/*
 * A running VM's memory, devices and disk, taken while it goes on: for templates of VMs, and for forks.
 *
 * Its RAM is streamed into another QEMU (vm/template_mirror.h) while it goes on. Then it stands still for a
 * moment: its guest is frozen, the last of the RAM is sent, QEMU stops, the disk is switched to an overlay,
 * the state of the devices is sent; and both go on. A disk that cannot be made a layer, because it has
 * snapshots in it or is a user's own file, is copied instead, also while the VM goes on.
 */
#ifndef AQ_VM_TEMPLATE_VM_H
#define AQ_VM_TEMPLATE_VM_H

#include "vm/hold.h"
#include "vm/template.h"

/* What was taken. Initialise with AQ_TAKEN_NONE; aq_taken_free at the end. */
struct aq_taken {
    struct aq_template template; /* all but its name */
    struct aq_stage stage;       /* with its RAM and its state in it */
    int held;                    /* keeps the layer that its disk is, until it is closed */
    int64_t pause_ms;            /* for how long the guest stood still */
};

#define AQ_TAKEN_NONE                                                                                        \
    {                                                                                                        \
        .stage = AQ_STAGE_NONE, .held = -1                                                                   \
    }

void aq_taken_free(struct aq_taken *taken);
#define aq_autotaken aq_cleanup(aq_taken_free)

/* How to go about it. Strings are the caller's. */
struct aq_take_request {
    const char *vm;
    const char *name;       /* of what is being made, for its stage */
    const char *warm;       /* a command for the guest's shell to be run before; NULL: none */
    bool allow_provisioned; /* a script may have left secrets in it */
    int64_t settle_ms;      /* how long to wait until it is at rest; 0: it is taken as it is */
    int64_t warm_ms;
    void (*progress)(void *data, const char *line); /* a line for a human; may be NULL */
    void *progress_data;
};

/* Takes all that a template is made of. The VM is held as long as that lasts, and goes on whatever happens.
   VM_NOT_RUNNING, VM_PAUSED, TEMPLATE_SECRETS, NOT_SUPPORTED, GUEST_NOT_READY and the like, QMP_FAILED,
   NO_SPACE. */
int aq_take_vm(const struct aq_take_request *request, struct aq_taken *taken, struct aq_error *err);

#endif
