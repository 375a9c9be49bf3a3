/* SPDX-License-Identifier: MIT */
/*
 * libcurl, loaded at its first use. It says which descriptors it waits for and until when (its multi_socket
 * interface), and aq_poll waits, so that an interruption ends a transfer as it ends anything else.
 */
#ifndef AQ_UTIL_CURL_H
#define AQ_UTIL_CURL_H

#define CURL_DISABLE_TYPECHECK /* its macros stand in the way of functions in a structure */
#include <curl/curl.h>
#include <stdbool.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/library.h"
#include "util/wait.h"

#define AQ_CURL_FUNCTIONS(X)                                                                                 \
    X(curl_global_init)                                                                                      \
    X(curl_easy_init)                                                                                        \
    X(curl_easy_setopt)                                                                                      \
    X(curl_easy_getinfo)                                                                                     \
    X(curl_easy_strerror)                                                                                    \
    X(curl_easy_cleanup)                                                                                     \
    X(curl_multi_init)                                                                                       \
    X(curl_multi_setopt)                                                                                     \
    X(curl_multi_add_handle)                                                                                 \
    X(curl_multi_remove_handle)                                                                              \
    X(curl_multi_socket_action)                                                                              \
    X(curl_multi_info_read)                                                                                  \
    X(curl_multi_strerror)                                                                                   \
    X(curl_multi_cleanup)                                                                                    \
    X(curl_slist_append)                                                                                     \
    X(curl_slist_free_all)
AQ_LIBRARY_DECLARE(aq_curl, AQ_CURL_FUNCTIONS);

/* A handle for one transfer of that URL by http or https (and, where allowed, file), with what holds for all
 * of them: TLS verified, at most ten redirects and none from https to http. NULL with LIBRARY_MISSING or
 * FAILED. The caller sets the rest. */
CURL *aq_curl_new(const char *url, bool allow_file, struct aq_error *err);

/* Runs it to its end: 0 with *result, or -1 with INTERRUPTED, TIMEOUT when *give_up has passed (a call back
 * may move it), or DOWNLOAD_FAILED. */
int aq_curl_run(CURL *easy, const aq_deadline *give_up, CURLcode *result, struct aq_error *err);

static inline void aq_cleanup_curl(CURL **easy)
{
    if (*easy != NULL)
        aq_curl.curl_easy_cleanup(*easy);
}

#define aq_autocurl aq_cleanup(aq_cleanup_curl)

#endif
