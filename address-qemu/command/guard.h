/* SPDX-License-Identifier: MIT */
/* What the policy (policy/policy.h) says of a command as such. What VMs may be is judged where they are made
   and started (vm/admit.h). */
#ifndef AQ_COMMAND_GUARD_H
#define AQ_COMMAND_GUARD_H

#include "command/verb.h"
#include "util/memory.h"

/* Do its disks and scripts come from where they may? POLICY_REFUSED, POLICY_INVALID. */
int aq_guard_sources(const struct aq_call *call, struct aq_error *err);

/* Is it to be in the audit log? */
bool aq_guard_audits(const struct aq_verb *verb);

/* When the command is over: what a permissive policy would have refused, as the table POLICY_WARNINGS and as
   lines of the output; adds them to the list too. */
void aq_guard_warn(struct aq_call *call, struct aq_strings *warnings);

#endif
