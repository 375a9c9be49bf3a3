/* SPDX-License-Identifier: MIT */
/*
 * A request by HTTP or HTTPS and its answer, in memory. What the library exports of this is for rexx-lib
 * alone, whose functions HTTP_GET and HTTP_POST it is; it is no part of the public API.
 */
#ifndef AQ_UTIL_HTTP_H
#define AQ_UTIL_HTTP_H

#include <stdint.h>

#include "address-qemu/address-qemu.h"
#include "util/error.h"
#include "util/memory.h"

#define AQ_HTTP_BODY_MAX ((size_t)64 << 20)

struct aq_http_request {
    const char *url;
    const char *body; /* makes it a POST; NULL: a GET */
    size_t body_length;
    struct aq_strings headers; /* "Name: value" */
    int64_t timeout_ms;        /* for all of it */
};

/* Zero-initialise it; free it also after a failure. */
struct aq_http_answer {
    int status;
    struct aq_buffer body;
    struct aq_strings
        headers; /* "name: value", names in lower case, of the last response if it was redirected */
};

/* Any status is an answer. -1 with DOWNLOAD_FAILED, TIMEOUT, LIMIT_EXCEEDED, INTERRUPTED, VALUE_INVALID or
 * LIBRARY_MISSING. */
AQ_API int aq_http(const struct aq_http_request *request, struct aq_http_answer *answer,
                   struct aq_error *err);

AQ_API void aq_http_answer_free(struct aq_http_answer *answer);

/* Waits between two tries; an interruption ends it. */
AQ_API void aq_http_pause(int64_t milliseconds);

#endif
