/* SPDX-License-Identifier: MIT */
/* SHA-256 by libcrypto, which is loaded at the first digest: commands that need none do not pay for it. */
#ifndef AQ_UTIL_DIGEST_H
#define AQ_UTIL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

/* Room for a digest as text, NUL included. */
#define AQ_SHA256_TEXT 65

/* The digest of a whole file, from its start, in lower-case hexadecimal. Ends early with INTERRUPTED;
 * LIBRARY_MISSING, IO. */
int aq_sha256_file(int fd, const char *where, char text[AQ_SHA256_TEXT], struct aq_error *err);

/* The same, and how many bytes it was. */
int aq_sha256_measure(int fd, const char *where, char text[AQ_SHA256_TEXT], uint64_t *length,
                      struct aq_error *err);

/* The digest of bytes in memory. */
int aq_sha256(const void *data, size_t length, char text[AQ_SHA256_TEXT], struct aq_error *err);

/* Reads "sha256:" and 64 hexadecimal digits of any case into the form that the others give; false for
   anything else. */
bool aq_sha256_parse(const char *text, char digest[AQ_SHA256_TEXT]);

/* A digest of bytes that come piece by piece; NULL with LIBRARY_MISSING or FAILED. Finish it or drop it. */
struct aq_digest;
struct aq_digest *aq_digest_start(struct aq_error *err);
int aq_digest_add(struct aq_digest *digest, const void *data, size_t length, struct aq_error *err);

/* The digest of all that was added; ends and frees it, also on failure. */
int aq_digest_finish(struct aq_digest *digest, char text[AQ_SHA256_TEXT], struct aq_error *err);

/* Ends and frees it; NULL is fine. */
void aq_digest_drop(struct aq_digest *digest);

static inline void aq_cleanup_digest(struct aq_digest **digest)
{
    aq_digest_drop(*digest);
}

#define aq_autodigest aq_cleanup(aq_cleanup_digest)

#endif
