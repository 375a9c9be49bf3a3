/* SPDX-License-Identifier: MIT */
/* Waiting until a guest has nothing to do any more: only then is it worth keeping as a template, for what it
 * does every clone does. */
#ifndef AQ_VM_SETTLE_H
#define AQ_VM_SETTLE_H

#include "guest/channel.h"
#include "util/process.h"

/* Waits until the guest's init says that its start is over (systemd does), and then until its QEMU has used
   little CPU for a second. That it does not come to rest before the deadline is no failure: *settled says. */
int aq_guest_settle(struct aq_channel *channel, const struct aq_process_id *qemu, aq_deadline deadline,
                    bool *settled, struct aq_error *err);

#endif
