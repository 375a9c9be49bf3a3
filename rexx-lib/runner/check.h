/* SPDX-License-Identifier: MIT */
/* rexx --check: what is wrong with scripts, without running them, one line each as compilers have it:
 *     deploy.rexx:3: error 35.1: Invalid expression detected at "//" */
#ifndef AQ_RUNNER_CHECK_H
#define AQ_RUNNER_CHECK_H

#include "options.h"

/* Checks every file of options->args; the exit status: 0, or 1 if anything is wrong. */
int aq_check(const struct aq_options *options);

#endif
