/* SPDX-License-Identifier: MIT */
/*
 * The REXX variables that a command sets: the fixed ones (QEMU_SUCCESS …), its fields and its tables. They go
 * to the caller's variable pool in batches, for a request costs far less than a call.
 */
#ifndef AQ_ENVIRONMENT_VARIABLES_H
#define AQ_ENVIRONMENT_VARIABLES_H

#include "address-qemu/address-qemu.h"

struct aq_variables;

/* One for each interpreter thread: it remembers every name that was ever set. */
struct aq_variables *aq_variables_new(void);
void aq_variables_free(struct aq_variables *variables);

/* Sets what `result` says and drops everything that an earlier command set and this one does not, in the pool
   of whoever called. So no stale value survives, whichever PROCEDURE it was set in. */
void aq_variables_publish(struct aq_variables *variables, const aq_result *result);

/* The value of the caller's variable `name`, a symbol as in a script (stems too): valid until the next call;
   NULL when it has none or when that is no name. */
const char *aq_variables_value(struct aq_variables *variables, const char *name, size_t name_length,
                               size_t *value_length);

#endif
