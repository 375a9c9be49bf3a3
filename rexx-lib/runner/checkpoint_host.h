/* SPDX-License-Identifier: MIT */
/* The host that runs this script, as far as CHECKPOINT is concerned: the guest's end of the side channel. */
#ifndef AQ_RUNNER_CHECKPOINT_HOST_H
#define AQ_RUNNER_CHECKPOINT_HOST_H

#include "guest/checkpoint_line.h"

/* Says it and waits for the answer: CONTINUE (also when there is no host that could answer) or ABORT (also
   when a signal has come meanwhile). */
enum aq_checkpoint_answer aq_checkpoint_ask_host(const struct aq_checkpoint_line *line);

#endif
