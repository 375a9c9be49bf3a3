/* SPDX-License-Identifier: MIT */
/* Our rexx-guest in a running VM: the guest's REXX, and our helper there. */
#ifndef AQ_VM_GUEST_RUNNER_H
#define AQ_VM_GUEST_RUNNER_H

#include "guest/runner.h"
#include "vm/guest.h"

/* Makes sure that it is in the guest in this very version. A guest that is spoken to through the agent gets
   our helper, unless the user has asked for that way (`chosen`): output then streams, and is faster. `guest`
   may be another channel afterwards. GUEST_RUNNER_MISSING, and as aq_guest_ensure_runner. */
int aq_guest_need_runner(const struct aq_vm *vm, bool chosen, struct aq_guest *guest,
                         struct aq_guest_runner *runner, struct aq_error *err);

/* The same for a VM of which it is known how it runs, published or not. */
int aq_guest_need_runner_in(const struct aq_run *run, bool chosen, struct aq_guest *guest,
                            struct aq_guest_runner *runner, struct aq_error *err);

#endif
