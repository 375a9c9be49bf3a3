/* SPDX-License-Identifier: MIT */
/* REQUIRE "module" AS NAME: there is one module, ADDRESS QEMU itself. Any other is an error that says so. */
#ifndef AQ_RUNNER_REQUIRE_H
#define AQ_RUNNER_REQUIRE_H

#include <stdbool.h>

#include "rexx.h"

/* Makes the routine known that REQUIRE clauses call. */
void aq_require_register(void);

/* From the RXSIO exit: adds the reason to Regina's line that a routine failed. True when it has
   printed both.
 */
bool aq_require_takes(const RXSTRING *line);

#endif
