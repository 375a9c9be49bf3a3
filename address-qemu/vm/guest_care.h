/* SPDX-License-Identifier: MIT */
/* What a guest needs after it was put back: its clock put right. */
#ifndef AQ_VM_GUEST_CARE_H
#define AQ_VM_GUEST_CARE_H

#include "vm/guest.h"

/* Sets the guest's clock to ours, if the guest answers at once; tells whether it did. Takes up to a second
   more, because guests are told whole seconds. */
bool aq_guest_set_clock(const struct aq_vm *vm);

#endif
