/* SPDX-License-Identifier: MIT */
/* REQUIRE "module" AS NAME: there is one module, ADDRESS QEMU itself, under the names it has had. Requiring
   ADDRESS EXPECTATIONS does nothing. Any other is an error that says so. */
#ifndef AQ_RUNNER_REQUIRE_H
#define AQ_RUNNER_REQUIRE_H

#include "rexx.h"

/* Makes the routine known that REQUIRE clauses call. */
void aq_require_register(void);

#endif
