/* SPDX-License-Identifier: MIT */
/* The way in that is taken when none was asked for; between vm/guest.c and vm/guest_auto.c. */
#ifndef AQ_VM_GUEST_AUTO_H
#define AQ_VM_GUEST_AUTO_H

#include "vm/guest.h"

/* Waits for whichever way answers first, the helper before the agent before SSH if they are close together.
   SSH is tried when the others have had their moment; `target` NULL: not at all. */
int aq_guest_open_auto(struct aq_guest *guest, const struct aq_ssh_target *target, aq_deadline deadline,
                       struct aq_error *err);

/* Start looking for one of them. VM_BUSY past the deadline: another process has it. */
int aq_guest_try_helper(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err);
int aq_guest_try_agent(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err);

/* Takes one of the guest's channels, which has answered, and drops the others. */
void aq_guest_take(struct aq_guest *guest, struct aq_channel *channel);

#endif
