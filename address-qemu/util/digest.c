/* SPDX-License-Identifier: MIT */
#include "util/digest.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
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

/* struct aq_digest is libcrypto's context under a name that callers need no header of it for. */
static EVP_MD_CTX *context_of(struct aq_digest *digest)
{
    return (EVP_MD_CTX *)digest;
}

struct aq_digest *aq_digest_start(struct aq_error *err)
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
    return (struct aq_digest *)context;
}

int aq_digest_add(struct aq_digest *digest, const void *data, size_t length, struct aq_error *err)
{
    return aq_evp.EVP_DigestUpdate(context_of(digest), data, length) == 1
               ? 0
               : aq_fail(err, AQ_E_FAILED, "libcrypto's SHA-256 failed");
}

int aq_digest_finish(struct aq_digest *digest, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int done = aq_evp.EVP_DigestFinal_ex(context_of(digest), bytes, &length);
    aq_digest_drop(digest);
    if (done != 1 || length != SHA256_LENGTH)
        return aq_fail(err, AQ_E_FAILED, "libcrypto's SHA-256 failed");
    for (size_t i = 0; i < SHA256_LENGTH; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[AQ_SHA256_TEXT - 1] = '\0';
    return 0;
}

void aq_digest_drop(struct aq_digest *digest)
{
    if (digest != NULL)
        aq_evp.EVP_MD_CTX_free(context_of(digest));
}

/* Room for a file's next piece: small files are many, and fresh memory costs more than reading them. One of
   no bytes may be of the kernel's, which has some all the same. */
static size_t piece_size(int fd)
{
    struct stat file;
    bool small = fstat(fd, &file) == 0 && file.st_size < (off_t)PIECE;
    return !small ? PIECE : file.st_size > 0 ? (size_t)file.st_size + 1 : 4096;
}

int aq_sha256_measure(int fd, const char *where, char text[AQ_SHA256_TEXT], uint64_t *length,
                      struct aq_error *err)
{
    aq_autodigest struct aq_digest *digest = aq_digest_start(err);
    if (digest == NULL)
        return -1;
    size_t size = piece_size(fd);
    aq_autofree char *piece = aq_alloc(size);
    for (*length = 0;;) {
        if (aq_must_end())
            return aq_fail(err, AQ_E_INTERRUPTED, "interrupted while digesting %s", where);
        ssize_t got = pread(fd, piece, size, (off_t)*length);
        if (got == 0)
            return aq_digest_finish(aq_steal_ptr(&digest), text, err);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", where);
        if (aq_digest_add(digest, piece, (size_t)got, err) < 0)
            return -1;
        *length += (uint64_t)got;
    }
}

int aq_sha256_file(int fd, const char *where, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    uint64_t length;
    return aq_sha256_measure(fd, where, text, &length, err);
}

int aq_sha256(const void *data, size_t length, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    aq_autodigest struct aq_digest *digest = aq_digest_start(err);
    if (digest == NULL || aq_digest_add(digest, data, length, err) < 0)
        return -1;
    return aq_digest_finish(aq_steal_ptr(&digest), text, err);
}

bool aq_sha256_parse(const char *text, char digest[AQ_SHA256_TEXT])
{
    static const char prefix[] = "sha256:";
    size_t length = strlen(prefix);
    if (strncasecmp(text, prefix, length) != 0 || strlen(text + length) != AQ_SHA256_TEXT - 1 ||
        strspn(text + length, "0123456789abcdefABCDEF") != AQ_SHA256_TEXT - 1)
        return false;
    for (size_t i = 0; i < AQ_SHA256_TEXT; i++)
        digest[i] = (char)tolower((unsigned char)text[length + i]);
    return true;
}
