/* SPDX-License-Identifier: MIT */
#include "vm/recover.h"

#include "vm/freeze.h"

int aq_vm_recover(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err)
{
    switch (vm->pending.what) {
    case AQ_PENDING_FREEZE:
        return aq_vm_freeze_settle(vm, lock, run_folder, NULL, err);
    default:
        return 0;
    }
}
