/* SPDX-License-Identifier: MIT */
/* Where the output of a guest's command goes while it runs: the process's own standard streams. */
#ifndef AQ_ENVIRONMENT_STREAMS_H
#define AQ_ENVIRONMENT_STREAMS_H

#include "address-qemu/address-qemu.h"

/* The `output` of aq_callbacks. Written at once and in order with what SAY printed; progress goes to stderr,
   and only when that is a terminal. */
void aq_streams_output(void *data, enum aq_stream stream, const char *bytes, size_t length);

#endif
