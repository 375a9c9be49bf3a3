/* SPDX-License-Identifier: MIT */
/* The routines that translated scripts call while they run. */
#ifndef AQ_DIALECT_RUNTIME_H
#define AQ_DIALECT_RUNTIME_H

/* Makes them known to this thread's interpreter. */
void aq_runtime_register(void);

#endif
