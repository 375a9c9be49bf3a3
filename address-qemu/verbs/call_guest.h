/* SPDX-License-Identifier: MIT */
/* The guest that a call is about: what every verb that enters one begins with. */
#ifndef AQ_VERBS_CALL_GUEST_H
#define AQ_VERBS_CALL_GUEST_H

#include "command/verb.h"
#include "vm/guest.h"
#include "vm/vm.h"

/* A VM, how it runs, and the way into it. Must not move once it is open. */
struct aq_call_guest {
    struct aq_vm vm;
    struct aq_run run;
    struct aq_guest guest;
};

#define AQ_CALL_GUEST_NONE                                                                                   \
    {                                                                                                        \
        .guest = AQ_GUEST_CLOSED                                                                             \
    }

/* The VM named by the call's `vm`, which has to be running and awake. */
int aq_call_guest_find(struct aq_call *call, struct aq_call_guest *guest, struct aq_error *err);

/* The same, and a channel into it by the call's `method` (auto where the verb has none), waiting as long as
   `ready_timeout` says. Sets the fields VM, METHOD and METHOD_REASON. */
int aq_call_guest_open(struct aq_call *call, struct aq_call_guest *guest, struct aq_error *err);

void aq_call_guest_close(struct aq_call_guest *guest);
#define aq_autocallguest aq_cleanup(aq_call_guest_close)

#endif
