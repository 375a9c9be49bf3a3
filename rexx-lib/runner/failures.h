/* SPDX-License-Identifier: MIT */
/*
 * What the terminal shows of a QEMU command that fails. Regina would trace the clause and `+++ RC=3 +++`,
 * whether the script handles the failure or not. Here a failure that SIGNAL ON ERROR or CALL ON ERROR takes
 * shows nothing, and any other one line: where, what was asked, what went wrong. A script that uses TRACE
 * gets Regina's own lines.
 */
#ifndef AQ_RUNNER_FAILURES_H
#define AQ_RUNNER_FAILURES_H

#include <stdbool.h>

#include "rexx.h"

/* Before the script runs: whether to do this at all, and whether the script ever handles errors itself. */
void aq_failures_start(bool enabled, bool traps_errors);

/* From the handler of ADDRESS QEMU. A command begins: what was still open is settled now. */
void aq_failures_command_begins(void);
/* It has failed with `rc`; QEMU_ERROR is set. */
void aq_failures_command_failed(const RXSTRING *failed, const RXSTRING *code);

/* From the RXSIO exit: a line that Regina wants to print on stderr. True when it is not to. */
bool aq_failures_takes(const RXSTRING *line);
/* From the RXSIO exit for SAY, and from RXTER: the script goes on, or ends. */
void aq_failures_settle(void);

#endif
