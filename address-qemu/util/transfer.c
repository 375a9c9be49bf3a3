/* SPDX-License-Identifier: MIT */
/*
 * libcurl says which descriptors it waits for and until when (its multi_socket interface), and aq_poll waits,
 * so that an interruption ends a download as it ends anything else.
 */
#define CURL_DISABLE_TYPECHECK
#include "util/transfer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/cleanup.h"
#include "util/library.h"
#include "util/memory.h"
#include "util/url.h"
#include "util/wait.h"

#define REDIRECTS 10
#define CONNECT_SECONDS 30
#define SOCKETS_MAX 16

#define CURL_FUNCTIONS(X)                                                                                    \
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
AQ_LIBRARY_DECLARE(aq_curl, CURL_FUNCTIONS);
AQ_LIBRARY_DEFINE(aq_curl, CURL_FUNCTIONS, "libcurl4", "libcurl.so.4", "libcurl-gnutls.so.4");

/* What one try holds. */
struct
try {
    const struct aq_transfer *transfer;
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers;
    struct pollfd fds[SOCKETS_MAX];
    unsigned count;
    aq_deadline timer; /* libcurl's own next moment */
    aq_deadline quiet; /* when it has been quiet for too long */

    /* The last answer's headers; redirects have answers too. */
    long status;
    char etag[256];
    char modified[64];
    uint64_t range_start;
    bool has_range;

    bool begun;
    bool no_range;
    char said[CURL_ERROR_SIZE];
    struct aq_error err; /* of what was done with the bytes */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void init_global(void)
{
    global_result = aq_curl.curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* The value of a header line `name: value` into `value`; false when it is another header. */
static bool header_value(const char *line, size_t length, const char *name, char *value, size_t size)
{
    size_t prefix = strlen(name);
    if (length <= prefix || strncasecmp(line, name, prefix) != 0 || line[prefix] != ':')
        return false;
    const char *start = line + prefix + 1, *end = line + length;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    snprintf(value, size, "%.*s", (int)(end - start), start);
    return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    struct try *try = data;
    size_t length = size * count;
    char value[256];
    if (length > 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        try->etag[0] = try->modified[0] = '\0';
        try->has_range = false;
    } else if (header_value(line, length, "ETag", value, sizeof value)) {
        snprintf(try->etag, sizeof try->etag, "%s", value[0] == '"' ? value : ""); /* a weak one names none */
    } else if (header_value(line, length, "Last-Modified", value, sizeof value)) {
        snprintf(try->modified, sizeof try->modified, "%.63s", value);
    } else if (header_value(line, length, "Content-Range", value, sizeof value)) {
        try->has_range = sscanf(value, "bytes %lu-", &try->range_start) == 1;
    }
    return length;
}

static bool is_http(const struct aq_transfer *transfer)
{
    return strncasecmp(transfer->url, "file:", 5) != 0;
}

/* Before the first byte that is kept. */
static int begin(struct try *try)
{
    curl_off_t left = 0;
    const struct aq_transfer *transfer = try->transfer;
    bool resumed = transfer->from > 0 && try->status == 206;
    if (resumed && (!try->has_range || try->range_start != transfer->from)) {
        try->no_range = true;
        return -1;
    }
    aq_curl.curl_easy_getinfo(try->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &left);
    const struct aq_transfer_start start = {
        .resumed = resumed,
        .total = left > 0 ? (uint64_t)left + (resumed ? transfer->from : 0) : 0,
        .validator = try->etag[0] != '\0' ? try->etag : try->modified,
    };
    try->begun = true;
    return transfer->begin(transfer->data, &start, &try->err);
}

/* Is this the answer that was asked for, rather than a page that says what is wrong? */
static bool is_wanted(const struct try *try)
{
    return !is_http(try->transfer) || (try->status >= 200 && try->status < 300);
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *data)
{
    struct try *try = data;
    size_t length = size * count;
    try->quiet = aq_after_ms(try->transfer->quiet_ms);
    aq_curl.curl_easy_getinfo(try->easy, CURLINFO_RESPONSE_CODE, &try->status);
    if (!is_wanted(try))
        return length;
    if (!try->begun && begin(try) < 0)
        return 0;
    return try->transfer->take(try->transfer->data, bytes, length, &try->err) == 0 ? length : 0;
}

/* libcurl tells which events of a socket it waits for. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *unused)
{
    (void)easy, (void)unused;
    struct try *try = data;
    unsigned i = 0;
    while (i < try->count && try->fds[i].fd != socket)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < try->count)
            try->fds[i] = try->fds[--try->count];
        return 0;
    }
    if (i == try->count) {
        if (try->count == SOCKETS_MAX)
            return -1;
        try->fds[try->count++].fd = socket;
    }
    try->fds[i].events =
        (short)(((what & CURL_POLL_IN) != 0 ? POLLIN : 0) | ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0));
    return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *data)
{
    (void)multi;
    ((struct try *)data)->timer = aq_after_ms(milliseconds);
    return 0;
}

/* Every protocol that this may come to. From https to http nothing is followed. */
static void set_protocols(const struct try *try)
{
    const struct aq_transfer *transfer = try->transfer;
    bool secure = strncasecmp(transfer->url, "https:", 6) == 0;
#if LIBCURL_VERSION_NUM >= 0x075500
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_PROTOCOLS_STR,
                             transfer->allow_file ? "http,https,file" : "http,https");
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
#else
    long web = CURLPROTO_HTTP | CURLPROTO_HTTPS;
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_PROTOCOLS, transfer->allow_file ? web | CURLPROTO_FILE : web);
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_REDIR_PROTOCOLS, secure ? (long)CURLPROTO_HTTPS : web);
#endif
}

static void set_security(const struct try *try)
{
    const char *authorities = getenv("SSL_CERT_FILE");
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (authorities != NULL && authorities[0] != '\0')
        aq_curl.curl_easy_setopt(try->easy, CURLOPT_CAINFO, authorities);
}

/* What is left of a file, as long as it is the one that was begun. */
static void set_range(struct try *try)
{
    const struct aq_transfer *transfer = try->transfer;
    if (transfer->from == 0 || !is_http(transfer))
        return;
    char range[32];
    snprintf(range, sizeof range, "%llu-", (unsigned long long)transfer->from);
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_RANGE, range); /* libcurl copies it */
    if (transfer->validator[0] == '\0')
        return;
    aq_autofree char *condition = aq_format("If-Range: %s", transfer->validator);
    try->headers = aq_curl.curl_slist_append(NULL, condition);
    aq_curl.curl_easy_setopt(try->easy, CURLOPT_HTTPHEADER, try->headers);
}

static void set_options(struct try *try)
{
    CURL *easy = try->easy;
    aq_curl.curl_easy_setopt(easy, CURLOPT_URL, try->transfer->url);
    aq_curl.curl_easy_setopt(easy, CURLOPT_USERAGENT, "address-qemu/" AQ_VERSION);
    aq_curl.curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    aq_curl.curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    aq_curl.curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    aq_curl.curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    aq_curl.curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    aq_curl.curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    aq_curl.curl_easy_setopt(easy, CURLOPT_HEADERDATA, try);
    aq_curl.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    aq_curl.curl_easy_setopt(easy, CURLOPT_WRITEDATA, try);
    aq_curl.curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, try->said);
    aq_curl.curl_multi_setopt(try->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    aq_curl.curl_multi_setopt(try->multi, CURLMOPT_SOCKETDATA, try);
    aq_curl.curl_multi_setopt(try->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    aq_curl.curl_multi_setopt(try->multi, CURLMOPT_TIMERDATA, try);
    set_protocols(try);
    set_security(try);
    set_range(try);
}

/* Tells libcurl what has become of its descriptors and its moment. */
static CURLMcode act(struct try *try, int *running)
{
    struct pollfd ready[SOCKETS_MAX];
    unsigned count = try->count;
    memcpy(ready, try->fds, sizeof ready); /* the list changes while it is gone through */
    CURLMcode code = CURLM_OK;
    if (aq_ms_left(try->timer) == 0) {
        try->timer = AQ_FOREVER;
        code = aq_curl.curl_multi_socket_action(try->multi, CURL_SOCKET_TIMEOUT, 0, running);
    }
    for (unsigned i = 0; i < count && code == CURLM_OK; i++) {
        int events = ((ready[i].revents & (POLLIN | POLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                     ((ready[i].revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((ready[i].revents & (POLLERR | POLLNVAL)) != 0 ? CURL_CSELECT_ERR : 0);
        if (events != 0)
            code = aq_curl.curl_multi_socket_action(try->multi, ready[i].fd, events, running);
        try->fds[i].revents = 0;
    }
    return code;
}

static CURLcode result_of(const struct try *try)
{
    int left;
    CURLMsg *message;
    while ((message = aq_curl.curl_multi_info_read(try->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            return message->data.result;
    return CURLE_GOT_NOTHING;
}

/* Runs it to its end. -1 with `err` when it was not libcurl that ended it. */
static int drive(struct try *try, CURLcode *result, struct aq_error *err)
{
    int running = 1;
    CURLMcode code = aq_curl.curl_multi_socket_action(try->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    while (code == CURLM_OK && running > 0) {
        aq_deadline until = try->timer < try->quiet ? try->timer : try->quiet;
        int ready = aq_poll(try->fds, try->count, until, err);
        if (ready < 0)
            return -1;
        if (aq_ms_left(try->quiet) == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "nothing came for %lld s",
                           (long long)try->transfer->quiet_ms / 1000);
        code = act(try, &running);
    }
    if (code != CURLM_OK)
        return aq_fail(err, AQ_E_DOWNLOAD_FAILED, "libcurl: %s", aq_curl.curl_multi_strerror(code));
    *result = result_of(try);
    return 0;
}

static bool is_passing(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

static enum aq_transfer_result judge_code(const struct try *try, CURLcode code, struct aq_error *err)
{
    if (try->no_range) {
        aq_fail(err, AQ_E_DOWNLOAD_FAILED, "the server sends another part than the one asked for");
        return AQ_TRANSFER_NO_RANGE;
    }
    if (try->err.code != AQ_OK) {
        aq_fail(err, try->err.code, "%s", try->err.text);
        return AQ_TRANSFER_FAILED;
    }
    aq_fail(err, AQ_E_DOWNLOAD_FAILED, "%s",
            try->said[0] != '\0' ? try->said : aq_curl.curl_easy_strerror(code));
    return is_passing(code) ? AQ_TRANSFER_BROKEN : AQ_TRANSFER_FAILED;
}

static enum aq_transfer_result judge_status(const struct try *try, struct aq_error *err)
{
    aq_fail(err, AQ_E_DOWNLOAD_FAILED, "the server answers with status %ld", try->status);
    if (try->status == 416)
        return AQ_TRANSFER_NO_RANGE;
    return try->status >= 500 || try->status == 408 || try->status == 429 ? AQ_TRANSFER_BROKEN
                                                                          : AQ_TRANSFER_FAILED;
}

static enum aq_transfer_result judge(struct try *try, CURLcode code, struct aq_error *err)
{
    aq_curl.curl_easy_getinfo(try->easy, CURLINFO_RESPONSE_CODE, &try->status);
    if (code != CURLE_OK)
        return judge_code(try, code, err);
    if (!is_wanted(try))
        return judge_status(try, err);
    if (!try->begun && begin(try) < 0) /* an empty file */
        return judge_code(try, code, err);
    return AQ_TRANSFER_DONE;
}

static enum aq_transfer_result run(struct try *try, struct aq_error *err)
{
    CURLcode code = CURLE_OK;
    struct aq_error reason = {0};
    set_options(try);
    try->timer = AQ_FOREVER;
    try->quiet = aq_after_ms(try->transfer->quiet_ms);
    aq_curl.curl_multi_add_handle(try->multi, try->easy);
    int driven = drive(try, &code, &reason);
    enum aq_transfer_result result =
        driven == 0 ? judge(try, code, &reason)
                    : (reason.code == AQ_E_TIMEOUT ? AQ_TRANSFER_BROKEN : AQ_TRANSFER_FAILED);
    aq_curl.curl_multi_remove_handle(try->multi, try->easy);
    if (result != AQ_TRANSFER_DONE) {
        aq_autofree char *url = aq_url_text(try->transfer->url);
        aq_fail(err, reason.code, "cannot download %s: %s", url, reason.text);
    }
    return result;
}

enum aq_transfer_result aq_transfer(const struct aq_transfer *transfer, struct aq_error *err)
{
    if (aq_library_load(&aq_curl_library, err) < 0)
        return AQ_TRANSFER_FAILED;
    pthread_once(&once, init_global);
    if (global_result != CURLE_OK) {
        aq_fail(err, AQ_E_FAILED, "libcurl cannot start");
        return AQ_TRANSFER_FAILED;
    }
    struct try try = {
        .transfer = transfer, .easy = aq_curl.curl_easy_init(), .multi = aq_curl.curl_multi_init()};
    if (try.easy == NULL || try.multi == NULL)
        aq_panic("out of memory");
    enum aq_transfer_result result = run(&try, err);
    aq_curl.curl_easy_cleanup(try.easy);
    aq_curl.curl_multi_cleanup(try.multi);
    aq_curl.curl_slist_free_all(try.headers);
    return result;
}
