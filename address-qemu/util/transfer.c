/* SPDX-License-Identifier: MIT */
#include "util/transfer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/curl.h"
#include "util/memory.h"
#include "util/url.h"

/* What one try holds. */
struct
try {
    const struct aq_transfer *transfer;
    CURL *easy;
    struct curl_slist *headers;
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
    aq_curl.curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    aq_curl.curl_easy_setopt(easy, CURLOPT_HEADERDATA, try);
    aq_curl.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    aq_curl.curl_easy_setopt(easy, CURLOPT_WRITEDATA, try);
    aq_curl.curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, try->said);
    set_range(try);
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
    try->quiet = aq_after_ms(try->transfer->quiet_ms);
    int driven = aq_curl_run(try->easy, &try->quiet, &code, &reason);
    if (reason.code == AQ_E_TIMEOUT) {
        reason = (struct aq_error){0};
        aq_fail(&reason, AQ_E_TIMEOUT, "nothing came for %lld s", (long long)try->transfer->quiet_ms / 1000);
    }
    enum aq_transfer_result result =
        driven == 0 ? judge(try, code, &reason)
                    : (reason.code == AQ_E_TIMEOUT ? AQ_TRANSFER_BROKEN : AQ_TRANSFER_FAILED);
    if (result != AQ_TRANSFER_DONE) {
        aq_autofree char *url = aq_url_text(try->transfer->url);
        aq_fail(err, reason.code, "cannot download %s: %s", url, reason.text);
    }
    return result;
}

enum aq_transfer_result aq_transfer(const struct aq_transfer *transfer, struct aq_error *err)
{
    struct try try = {.transfer = transfer, .easy = aq_curl_new(transfer->url, transfer->allow_file, err)};
    if (try.easy == NULL)
        return AQ_TRANSFER_FAILED;
    enum aq_transfer_result result = run(&try, err);
    aq_curl.curl_easy_cleanup(try.easy);
    aq_curl.curl_slist_free_all(try.headers);
    return result;
}
