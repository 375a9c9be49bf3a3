/* SPDX-License-Identifier: MIT */
/* Every function of functions/list.h, by its name. */
#ifndef AQ_FUNCTIONS_CALL_H
#define AQ_FUNCTIONS_CALL_H

#include "rexx.h"

/* Calls it: 0, or 1 with *reason saying why not (valid until the next call). The name is in upper case. */
int aq_functions_call(const char *name, ULONG argc, PRXSTRING argv, PRXSTRING result, const char **reason);

#endif
