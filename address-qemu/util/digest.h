/* SPDX-License-Identifier: MIT */
/* SHA-256 by libcrypto, which is loaded at the first digest: commands that need none do not pay for it. */
#ifndef AQ_UTIL_DIGEST_H
#define AQ_UTIL_DIGEST_H

#include <stddef.h>

#include "util/error.h"

/* Room for a digest as text, NUL included. */
#define AQ_SHA256_TEXT 65

/* The digest of a whole file, from its start, in lower-case hexadecimal. Ends early with INTERRUPTED;
 * LIBRARY_MISSING, IO. */
int aq_sha256_file(int fd, const char *where, char text[AQ_SHA256_TEXT], struct aq_error *err);

/* The digest of bytes in memory. */
int aq_sha256(const void *data, size_t length, char text[AQ_SHA256_TEXT], struct aq_error *err);

#endif
