/* SPDX-License-Identifier: MIT */
/* Making templates of bases, and of VMs that run. */
#ifndef AQ_VM_TEMPLATE_MAKE_H
#define AQ_VM_TEMPLATE_MAKE_H

#include "vm/template.h"

/* What is to be made. Strings are the caller's; 0 and NULL mean: as the base has it. */
struct aq_template_request {
    const char *name;
    const char *base;
    const char *vm;  /* instead of a base; memory and CPUs are then as it has them */
    unsigned memory; /* MiB */
    unsigned cpus;
    const char *warm;       /* a command for the guest's shell, run before it is frozen; NULL: none */
    bool allow_provisioned; /* of a VM in which a script was run, which may have left secrets */
    bool replace;           /* one of that name gives way, if nothing stands on it */
    int64_t ready_ms;       /* how long the guest may take to answer (0: as any that boots), */
    int64_t settle_ms;      /* to come to rest, */
    int64_t warm_ms;        /* and the command to end */
    void (*progress)(void *data, const char *line); /* a line for a human; may be NULL */
    void *progress_data;
};

/* Boots the base in a VM of its own that nobody sees, waits until it is at rest, runs the command, freezes
   it, and keeps its memory and its disk. TEMPLATE_EXISTS, TEMPLATE_IN_USE (replace), GUEST_NOT_READY,
   GUEST_COMMAND_FAILED (the command), and what starting a VM fails with; after a failure nothing is left.
   Of a VM: it goes on, and what aq_take_vm fails with. */
int aq_template_make(const struct aq_template_request *request, struct aq_template *template,
                     struct aq_error *err);

#endif
