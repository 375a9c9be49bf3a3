/* SPDX-License-Identifier: MIT */
/* Bytes as UTF-8 (RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF). */
#ifndef AQ_UTIL_UTF8_H
#define AQ_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "util/memory.h"

/* How many bytes the character has that begins here; 0 if that is none. `left` bytes there are, at least one.
 */
size_t aq_utf8_length(const char *at, size_t left);

bool aq_utf8_valid(const char *text, size_t length);

/* Appends the text with U+FFFD for each byte that belongs to no character. */
void aq_utf8_mend(const char *text, size_t length, struct aq_buffer *to);

/* Appends the text as a JSON string (RFC 8259) in its quotes; bytes that are no UTF-8 as U+FFFD. */
void aq_utf8_quote(const char *text, size_t length, struct aq_buffer *to);

#endif
