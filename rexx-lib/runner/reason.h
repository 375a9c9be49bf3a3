/* SPDX-License-Identifier: MIT */
/* Why a routine of ours failed, to be printed behind Regina's line that only says that one did. The script
 * finds it in QEMU_ERROR. */
#ifndef AQ_RUNNER_REASON_H
#define AQ_RUNNER_REASON_H

#include <stdbool.h>

#include "rexx.h"

/* Returns 1, which makes Regina raise SYNTAX 40. */
int aq_reason_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The script has gone on: what is set was trapped. */
void aq_reason_clear(void);

/* From the RXSIO exit: adds the reason to Regina's line. True when it has printed both. */
bool aq_reason_takes(const RXSTRING *line);

#endif
