/* SPDX-License-Identifier: MIT */
/* `rexx --remote`: a script of this machine for another one. */
#ifndef AQ_RUNNER_REMOTE_H
#define AQ_RUNNER_REMOTE_H

#include "options.h"

/* Sends the script and has it run there. Returns an exit status: the script's, or of what went wrong. */
int aq_remote(const struct aq_options *options);

#endif
