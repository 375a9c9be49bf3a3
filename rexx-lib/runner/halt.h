/* SPDX-License-Identifier: MIT */
/* Ctrl-C, SIGTERM and SIGHUP while a script runs: Regina raises HALT, and we remember which signal it was,
   for the exit status of a script that ends by it. A signal that was ignored when the program was started
   (nohup, a shell's background job) stays ignored. */
#ifndef AQ_RUNNER_HALT_H
#define AQ_RUNNER_HALT_H

/* At the start of main(), before Regina installs its handlers: notes what is ignored. */
void aq_halt_start(void);

/* From RXINI: Regina has just put its own handlers in place; ours go before them, and what was ignored
   is ignored again. */
void aq_halt_watch(void);

/* The last of these signals; 0 when none came. */
int aq_halt_signal(void);

#endif
