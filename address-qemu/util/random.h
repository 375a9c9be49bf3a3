/* SPDX-License-Identifier: MIT */
/* Random bytes from the kernel, and the identities made of them. Nothing here fails: getrandom(2) does not.
 */
#ifndef AQ_UTIL_RANDOM_H
#define AQ_UTIL_RANDOM_H

#include <stddef.h>

void aq_random_bytes(void *data, size_t length);

/* Room for a UUID as text, NUL included. */
#define AQ_UUID_TEXT 37

/* A new UUID, version 4 (RFC 9562), in lower case. Returns `text`. */
const char *aq_random_uuid(char text[AQ_UUID_TEXT]);

/* Fills `text` with length - 1 random lower-case letters and digits, the first a letter, and a NUL: part of a
   name. The 10 characters of an 11-byte text have 51 bits. Returns `text`. */
const char *aq_random_name(char *text, size_t length);

#endif
