/* SPDX-License-Identifier: MIT */
/* What the verbs about snapshots have in common. */
#ifndef AQ_VERBS_SNAPSHOT_FIELDS_H
#define AQ_VERBS_SNAPSHOT_FIELDS_H

#include "verbs/vm_fields.h"
#include "vm/snapshot.h"

#define AQ_PARAM_SNAPSHOT                                                                                    \
    {                                                                                                        \
        "snapshot_name", AQ_TYPE_NAME, .required = true, .aliases = "snapshot",                              \
                                       .meaning = "the snapshot; not of digits alone"                        \
    }

#define AQ_PARAM_SNAPSHOT_TIMEOUT                                                                            \
    {                                                                                                        \
        "timeout", AQ_TYPE_DURATION, .fallback = "600", .min = 1, .meaning = "how long QEMU may take"        \
    }

/* Is a running guest to be quiet? */
#define AQ_PARAM_QUIESCE                                                                                     \
    {                                                                                                        \
        "quiesce", AQ_TYPE_BOOLEAN,                                                                          \
            .meaning = "have a running guest write all it holds to its disk, and no more for the moment; "   \
                       "unless given: if it answers at once"                                                 \
    }
enum aq_quiesce aq_quiesce_wish(const struct aq_call *call);

/* Adds the VM's snapshots to the table SNAPSHOTS and returns how many there are; -1 on error. */
int64_t aq_set_snapshot_rows(aq_result *result, const struct aq_vm *vm, struct aq_error *err);
#define AQ_SNAPSHOT_FIELDS                                                                                   \
    {                                                                                                        \
        "SNAPSHOTS.n.NAME", "a snapshot; also `CREATED`, `MEMORY` (1 when it has the VM's memory) and "      \
                            "`VM_STATE_SIZE` (of that, in bytes)"                                            \
    }

#endif
