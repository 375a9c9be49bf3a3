/* SPDX-License-Identifier: MIT */
/* Ctrl-C, SIGTERM and SIGHUP while a script runs: Regina raises HALT, and we remember which signal it was,
   for the exit status of a script that ends by it. */
#ifndef AQ_RUNNER_HALT_H
#define AQ_RUNNER_HALT_H

/* From RXINI: Regina has just put its own handlers in place; ours go before them. */
void aq_halt_watch(void);

/* The last of these signals; 0 when none came. */
int aq_halt_signal(void);

#endif
