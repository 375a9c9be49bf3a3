/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648, section 4), as the guest agent carries bytes in JSON, and specs in YAML. */
#ifndef AQ_UTIL_BASE64_H
#define AQ_UTIL_BASE64_H

#include "util/memory.h"

/* Both add to `to`. Decoding is strict: false for anything that encoding does not make. */
void aq_base64_encode(const void *data, size_t length, struct aq_buffer *to);
bool aq_base64_decode(const char *text, size_t length, struct aq_buffer *to);

#endif
