/* SPDX-License-Identifier: MIT */
/* SHA256, by libcrypto. Where this is part of a library it is looked up at the first call; the static runner
 * has it linked in, for which the old one-piece functions are small. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "functions/handlers.h"

#ifdef AQ_STATIC_FUNCTIONS
static const struct {
    __typeof__(SHA256_Init) *SHA256_Init;
    __typeof__(SHA256_Update) *SHA256_Update;
    __typeof__(SHA256_Final) *SHA256_Final;
} aq_sha = {SHA256_Init, SHA256_Update, SHA256_Final};

static int load(struct aq_invocation *call)
{
    (void)call;
    return 0;
}
#else
#include "util/library.h"

#define SHA_FUNCTIONS(X) X(SHA256_Init) X(SHA256_Update) X(SHA256_Final)
AQ_LIBRARY_DECLARE(aq_sha, SHA_FUNCTIONS);
AQ_LIBRARY_DEFINE(aq_sha, SHA_FUNCTIONS, "libssl3", "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so");

static int load(struct aq_invocation *call)
{
    struct aq_error err = {0};
    return aq_library_load(&aq_sha_library, &err) < 0 ? aq_refuse_call(call, "%s", err.text) : 0;
}
#endif

int aq_fn_sha256(struct aq_invocation *call)
{
    const RXSTRING *text = aq_argument_needed(call, 0, "what to digest");
    if (text == NULL || load(call) < 0)
        return -1;
    SHA256_CTX context;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (aq_sha.SHA256_Init(&context) != 1 ||
        aq_sha.SHA256_Update(&context, text->strptr, text->strlength) != 1 ||
        aq_sha.SHA256_Final(digest, &context) != 1)
        return aq_refuse_call(call, "libcrypto's SHA-256 failed");
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return aq_give_text(call, hex);
}
