/* SPDX-License-Identifier: MIT */
/* The routines that translated scripts call and that need nothing but the interpreter: placeholders, EXPECT,
 * and what INTERPRET gets. */
#ifndef AQ_RUNNER_RUNTIME_H
#define AQ_RUNNER_RUNTIME_H

/* Makes them known to this thread's interpreter. */
void aq_runtime_register(void);

#endif
