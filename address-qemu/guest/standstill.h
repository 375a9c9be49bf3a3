/* SPDX-License-Identifier: MIT */
/*
 * A guest that stands still, for a template and its clones: frozen through our helper, which alone goes on;
 * in each clone repaired, that is given what it needs of its own; then let go on. The order is what makes
 * clones differ: no program of a clone runs before the clone has random numbers and an identity of its own.
 * All of it is for channels through our helper.
 */
#ifndef AQ_GUEST_STANDSTILL_H
#define AQ_GUEST_STANDSTILL_H

#include "guest/channel.h"
#include "guest/identity.h"

/* What came of freezing. aq_guest_frozen_free at the end. */
struct aq_guest_frozen {
    bool closed;            /* all but the helper stands still */
    char why[256];          /* if not: the guest's own words */
    struct aq_strings keys; /* the paths of its SSH servers' private host keys */
};

void aq_guest_frozen_free(struct aq_guest_frozen *frozen);
#define aq_autofrozen aq_cleanup(aq_guest_frozen_free)

/* Has the guest do beforehand what it can: the next aq_guest_freeze, within ten seconds, takes a fraction of
   the time. Nothing is frozen by it. */
int aq_guest_prepare_freeze(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);

/* Freezes everything in the guest but the helper; where that cannot be done nothing is frozen, which is no
   failure. If nobody thaws it, it does so by itself after `patience_ms` of the guest's time; 0 is
   aq_guest_prepare_freeze. */
int aq_guest_freeze(struct aq_channel *channel, int64_t patience_ms, aq_deadline deadline,
                    struct aq_guest_frozen *frozen, struct aq_error *err);

/* Lets it go on as it was, its clock set by as much as it was behind. */
int aq_guest_thaw(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);

/* Opens a channel to the helper of a clone that may not even have been started, and sends all of the repair
   that needs no answer. As aq_channel_open_helper, but only for a guest whose helper was left between two
   operations; the port is not asked whether the guest has it open. */
struct aq_channel *aq_channel_open_clone(const struct aq_channel_port *port,
                                         const struct aq_identity *identity);

/* Waits until that clone is repaired, sets its clock and lets it go on; the channel can then be used as any.
   `stood_still`: it was frozen until then. CLONE_UNREPAIRED when the guest says that a step has failed. A
   clone for which this fails must not go on. */
int aq_channel_repaired(struct aq_channel *channel, aq_deadline deadline, bool *stood_still,
                        struct aq_error *err);

#endif
