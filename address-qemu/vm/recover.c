/* SPDX-License-Identifier: MIT */
#include "vm/recover.h"

#include "vm/freeze.h"
#include "vm/grow.h"
#include "vm/mend.h"
#include "vm/merge.h"

int aq_vm_recover(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err)
{
    switch (vm->pending.what) {
    case AQ_PENDING_FREEZE:
        return aq_vm_freeze_settle(vm, lock, run_folder, NULL, err);
    case AQ_PENDING_FLATTEN:
        return aq_vm_flatten_settle(vm, lock, run_folder, err);
    case AQ_PENDING_COMMIT:
        return aq_vm_commit_settle(vm, lock, err);
    case AQ_PENDING_TABLES:
        return aq_vm_tables_settle(vm, lock, run_folder, err);
    case AQ_PENDING_GROW:
        return aq_vm_grow_settle(vm, lock, err);
    default:
        return 0;
    }
}
