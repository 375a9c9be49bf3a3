/* SPDX-License-Identifier: MIT */
/* A QEMU command that fails before there is anything to run it: the answer in the usual variables. */
#ifndef AQ_RUNNER_REFUSAL_H
#define AQ_RUNNER_REFUSAL_H

#include "rexx.h"

/* Sets RC, QEMU_SUCCESS, QEMU_ERROR and QEMU_ERROR_CODE and raises ERROR. Returns what the handler has to. */
APIRET aq_refuse(int rc_number, const char *code, const char *text, PUSHORT flags, PRXSTRING rc);

#endif
