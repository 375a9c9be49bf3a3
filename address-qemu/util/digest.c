/* SPDX-License-Identifier: MIT */
#include "util/digest.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/memory.h"
#include "util/wait.h"

#define SHA256_LENGTH 32
#define PIECE ((size_t)1 << 20)

/* libcrypto's EVP interface, version 1.1 and later. */
static struct {
    void *(*context_new)(void);
    void (*context_free)(void *context);
    const void *(*sha256)(void);
    int (*init)(void *context, const void *type, void *engine);
    int (*update)(void *context, const void *data, size_t length);
    int (*final)(void *context, unsigned char *digest, unsigned *length);
} evp;

static bool loaded;
static pthread_once_t load_once = PTHREAD_ONCE_INIT;

static void load(void)
{
    static const char *const files[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && library == NULL; i++)
        library = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    *(void **)&evp.context_new = dlsym(library, "EVP_MD_CTX_new");
    *(void **)&evp.context_free = dlsym(library, "EVP_MD_CTX_free");
    *(void **)&evp.sha256 = dlsym(library, "EVP_sha256");
    *(void **)&evp.init = dlsym(library, "EVP_DigestInit_ex");
    *(void **)&evp.update = dlsym(library, "EVP_DigestUpdate");
    *(void **)&evp.final = dlsym(library, "EVP_DigestFinal_ex");
    loaded = evp.context_new != NULL && evp.context_free != NULL && evp.sha256 != NULL && evp.init != NULL &&
             evp.update != NULL && evp.final != NULL;
}

static void context_cleanup(void **context)
{
    if (*context != NULL)
        evp.context_free(*context);
}

#define autocontext aq_cleanup(context_cleanup)

static void *start(struct aq_error *err)
{
    pthread_once(&load_once, load);
    if (!loaded) {
        aq_fail(err, AQ_E_LIBRARY_MISSING, "digests need libcrypto; install it: apt-get install libssl3");
        return NULL;
    }
    void *context = evp.context_new();
    if (context == NULL || evp.init(context, evp.sha256(), NULL) != 1) {
        if (context != NULL)
            evp.context_free(context);
        aq_fail(err, AQ_E_FAILED, "libcrypto cannot start a SHA-256 digest");
        return NULL;
    }
    return context;
}

static int add(void *context, const void *data, size_t length, struct aq_error *err)
{
    return evp.update(context, data, length) == 1 ? 0
                                                  : aq_fail(err, AQ_E_FAILED, "libcrypto's SHA-256 failed");
}

static int finish(void *context, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    unsigned char digest[64]; /* EVP_MAX_MD_SIZE */
    unsigned length = 0;
    if (evp.final(context, digest, &length) != 1 || length != SHA256_LENGTH)
        return aq_fail(err, AQ_E_FAILED, "libcrypto's SHA-256 failed");
    for (size_t i = 0; i < SHA256_LENGTH; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

int aq_sha256_file(int fd, const char *where, char text[AQ_SHA256_TEXT], struct aq_error *err)
{
    autocontext void *context = start(err);
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
    autocontext void *context = start(err);
    if (context == NULL || add(context, data, length, err) < 0)
        return -1;
    return finish(context, text, err);
}
