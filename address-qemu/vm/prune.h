/* SPDX-License-Identifier: MIT */
/* Removing what nothing needs. */
#ifndef AQ_VM_PRUNE_H
#define AQ_VM_PRUNE_H

#include "vm/descent.h"

/* What is done with each thing that nothing needs. `bytes` is what it takes on the host; `reason` is NULL, or
   why it could not be removed. */
typedef void aq_pruned(void *data, const struct aq_descent_node *node, const struct aq_error *reason);

struct aq_prune {
    bool dry_run;       /* only tell */
    int64_t older_than; /* seconds since it was made; 0: however young */
    aq_pruned *told;
    void *data;
};

/* Removes the layers on which nothing stands, and those on which nothing stands then. What is in use at that
   moment is passed over. RECORD_INVALID when a record cannot be read, since it may tell that something is
   needed; otherwise the first failure of those that could not be removed, after all were tried. */
int aq_prune(const struct aq_prune *prune, struct aq_error *err);

#endif
