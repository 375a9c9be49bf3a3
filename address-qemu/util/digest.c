/* SPDX-License-Identifier: MIT */
#include "util/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/library.h"
#include "util/memory.h"
#include "util/wait.h"

#define SHA256_LENGTH 32
#define PIECE ((size_t)1 << 20)

#define EVP_FUNCTIONS(X)                                                                                     \
    X(EVP_MD_CTX_new)                                                                                        \
    X(EVP_MD_CTX_free)                                                                                       \
    X(EVP_sha256)                                                                                            \
    X(EVP_DigestInit_ex)                                                                                     \
    X(EVP_DigestUpdate)                                                                                      \
    X(EVP_DigestFinal_ex)
AQ_LIBRARY_DECLARE(aq_evp, EVP_FUNCTIONS);
AQ_LIBRARY_DEFINE(aq_evp, EVP_FUNCTIONS, "libssl3", "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so");

static void context_cleanup(EVP_MD_CTX **context)
{
    if (*context != NULL)
        aq_evp.EVP_MD_CTX_free(*context);
}

#define autocontext aq_cleanup(context_cleanup)

static EVP_MD_CTX *start(struct aq_error *err)
{
    if (aq_library_load(&aq_evp_library, err) < 0)
        return NULL;
    EVP_MD_CTX *context = aq_evp.EVP_MD_CTX_new();
    if (context == NULL || aq_evp.EVP_DigestInit_ex(context, aq_evp.EVP_sha256(), NULL) != 1) {
        if (context != NULL)
            aq_evp.EVP_MD_CTX_free(context);
        aq_fail(err, AQ_E_FAILED, "libcrypto cannot start a SHA-256 digest");
        return NULL;
    }
    return context;
}

static int add(EVP_MD_CTX *context, const void *data, size_t length, struct aq_error *err)
{
    return aq_evp.EVP_DigestUpdate(context, data, length) == 1
               ? 0
               : aq_fail(err, AQ_E_FAILED, "libcrypto's SHA-256 failed");
}

static int finish(EVP_MD_CTX *context, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (aq_evp.EVP_DigestFinal_ex(context, digest, &length) != 1 || length != SHA256_LENGTH)
        return aq_fail(err, AQ_E_FAILED, "libcrypto's SHA-256 failed");
    for (size_t i = 0; i < SHA256_LENGTH; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

int aq_sha256_file(int fd, const char *where, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    autocontext EVP_MD_CTX *context = start(err);
    if (context == NULL)
        return -1;
    aq_autofree char *piece = aq_alloc(PIECE);
    for (off_t offset = 0;;) {
        if (aq_must_end())
            return aq_fail(err, AQ_E_INTERRUPTED, "interrupted while digesting %s", where);
        ssize_t got = pread(fd, piece, PIECE, offset);
        if (got == 0)
            return finish(context, text, err);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", where);
        if (add(context, piece, (size_t)got, err) < 0)
            return -1;
        offset += got;
    }
}

int aq_sha256(const void *data, size_t length, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    autocontext EVP_MD_CTX *context = start(err);
    if (context == NULL || add(context, data, length, err) < 0)
        return -1;
    return finish(context, text, err);
}
