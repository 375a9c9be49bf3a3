/* SPDX-License-Identifier: MIT */
/* Children of a running VM: each goes on from where it was, in its own copy of memory and disk. */
#ifndef AQ_VM_FORK_H
#define AQ_VM_FORK_H

#include "vm/run.h"
#include "vm/vm.h"

/* A child. */
struct aq_child {
    struct aq_vm vm;
    struct aq_run run;
};

struct aq_fork_request {
    const char *vm;
    const char *name; /* of an only child, or with -1, -2, … of several; NULL: names are made up */
    unsigned count;
    void (*progress)(void *data, const char *line); /* may be NULL */
    void *progress_data;
};

/* What came of it. Zero-initialise; aq_forked_free at the end. */
struct aq_forked {
    struct aq_child *children;
    unsigned count;
    int64_t pause_ms; /* for how long the parent stood still */
    bool closed;      /* nothing ran in a child before it was repaired */
    char window[256]; /* if not: why */
};

void aq_forked_free(struct aq_forked *forked);
#define aq_autoforked aq_cleanup(aq_forked_free)

/* Makes them, all or none. The parent goes on. What aq_take_vm and aq_template_clone fail with, MEMORY_SHORT,
   VM_EXISTS. */
int aq_vm_fork(const struct aq_fork_request *request, struct aq_forked *forked, struct aq_error *err);

#endif
