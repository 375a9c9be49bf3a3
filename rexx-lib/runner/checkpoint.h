/* SPDX-License-Identifier: MIT */
/*
 * CHECKPOINT(stage, current, total, text …): a script in a guest says how far it is to the host that runs it
 * (guest/checkpoint_line.h), waits for the answer, and returns it: "continue" or "abort". While the host says
 * "pause" the function does not return. CHECKPOINT(current, total, text …) has no stage; an argument that is
 * no number where one is expected begins the text. Without such a host it returns "continue" at once.
 */
#ifndef AQ_RUNNER_CHECKPOINT_H
#define AQ_RUNNER_CHECKPOINT_H

#include "rexx.h"

/* Makes the function known to this thread's interpreter, or forgotten. */
void aq_checkpoint_register(void);
void aq_checkpoint_deregister(void);

#endif
