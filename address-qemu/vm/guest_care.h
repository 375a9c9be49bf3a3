/* SPDX-License-Identifier: MIT */
/* What a guest needs around a snapshot: its disk written before, its clock put right afterwards. */
#ifndef AQ_VM_GUEST_CARE_H
#define AQ_VM_GUEST_CARE_H

#include "vm/guest.h"

/* Sets the guest's clock to ours, if the guest answers at once; tells whether it did. Takes up to a second
   more, because guests are told whole seconds. */
bool aq_guest_set_clock(const struct aq_vm *vm);

/* Has the guest write its dirty pages to its disk within the deadline. As aq_guest_open, aq_channel_sync. */
int aq_guest_sync(const struct aq_vm *vm, aq_deadline deadline, struct aq_error *err);

#endif
