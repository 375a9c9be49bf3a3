/* SPDX-License-Identifier: MIT */
/* aq_run_remote: a script for another machine, which is no verb, for its input is our own. */
#ifndef AQ_VERBS_REMOTE_H
#define AQ_VERBS_REMOTE_H

#include "command/verb.h"

/* Runs it and sets EXIT_CODE; a code other than 0 is GUEST_COMMAND_FAILED. Otherwise as aq_remote_run. */
int aq_remote_call(struct aq_call *call, const struct aq_remote_script *script, struct aq_error *err);

#endif
