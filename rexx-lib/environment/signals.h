/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C, SIGTERM and SIGHUP while a command runs: the command ends with RC 130, and when nothing of it is
 * left whoever had the signal before gets it. That is Regina, which raises HALT at the next clause (for
 * SIGHUP at once: its handler does not return). Between commands only the latter happens.
 */
#ifndef AQ_ENVIRONMENT_SIGNALS_H
#define AQ_ENVIRONMENT_SIGNALS_H

/* Around each command and all that it holds: the end may not return. They nest, and any thread may be between
 * them. */
void aq_signals_begin(void);
void aq_signals_end(void);

/* In the middle of a command a routine of the script is called: until it returns, signals are the script's as
   between commands. What the first returns is for the second; a routine that does not return leaves it so. */
int aq_signals_suspend(void);
void aq_signals_resume(int were_running);

/* A script has begun, and its interpreter has just put its own handlers in place: the next command looks. */
void aq_signals_look(void);

/* Gives the signals back to whoever had them. */
void aq_signals_release(void);

#endif
