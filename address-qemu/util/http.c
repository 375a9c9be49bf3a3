/* SPDX-License-Identifier: MIT */
#include "util/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "util/curl.h"
#include "util/url.h"
#include "util/wait.h"

#define HEADERS_MAX 200

/* Returning less than came ends the transfer with CURLE_WRITE_ERROR. */
static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct aq_http_answer *answer = data;
    if (answer->body.length + size * count > AQ_HTTP_BODY_MAX)
        return 0;
    aq_buffer_add(&answer->body, bytes, size * count);
    return size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data)
{
    struct aq_http_answer *answer = data;
    size_t length = size * count;
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    if (length >= 5 && strncasecmp(bytes, "HTTP/", 5) == 0) { /* another response begins */
        aq_strings_free(&answer->headers);
        answer->headers = (struct aq_strings){0};
    } else if (length > 0 && answer->headers.count < HEADERS_MAX) {
        aq_autofree char *line = aq_strndup(bytes, length);
        for (char *c = line; *c != '\0' && *c != ':'; c++)
            *c = (char)tolower((unsigned char)*c);
        aq_strings_add(&answer->headers, line);
    }
    return size * count;
}

/* One that breaks its line would be several. */
static int check(const struct aq_http_request *request, struct aq_error *err)
{
    if (!aq_url_valid(request->url, false))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the URL has to be one of http:// or https://, without blanks, but is \"%.200s\"",
                       request->url);
    for (size_t i = 0; i < request->headers.count; i++) {
        const char *header = request->headers.items[i];
        if (strpbrk(header, "\r\n") != NULL || strchr(header, ':') == NULL || *header == ':')
            return aq_fail(err, AQ_E_VALUE_INVALID,
                           "a header has to be a line \"Name: value\", but is \"%.200s\"", header);
    }
    return 0;
}

static int judge(const char *url, const struct aq_http_answer *answer, CURLcode code, const char *detail,
                 struct aq_error *err)
{
    switch (code) {
    case CURLE_OK:
        return 0;
    case CURLE_WRITE_ERROR:
        if (answer->body.length > 0)
            return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s answers with more than %zu MiB", url,
                           AQ_HTTP_BODY_MAX >> 20);
        break;
    default:
        break;
    }
    return aq_fail(err, AQ_E_DOWNLOAD_FAILED, "%s: %s", url,
                   *detail != '\0' ? detail : aq_curl.curl_easy_strerror(code));
}

static void set_up(CURL *handle, const struct aq_http_request *request, const struct curl_slist *headers,
                   struct aq_http_answer *answer, char *detail)
{
    aq_curl.curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    aq_curl.curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    aq_curl.curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    aq_curl.curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    aq_curl.curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
    aq_curl.curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    aq_curl.curl_easy_setopt(handle, CURLOPT_HEADERDATA, answer);
    if (request->body == NULL)
        return;
    aq_curl.curl_easy_setopt(handle, CURLOPT_POST, 1L);
    aq_curl.curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    aq_curl.curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body);
}

static int run(CURL *handle, const struct aq_http_request *request, struct aq_http_answer *answer,
               const char *detail, struct aq_error *err)
{
    aq_autofree char *url = aq_url_text(request->url); /* without what may be a key */
    struct aq_error reason = {0};
    aq_deadline give_up = aq_after_ms(request->timeout_ms);
    CURLcode code = CURLE_OK;
    if (aq_curl_run(handle, &give_up, &code, &reason) == 0)
        return judge(url, answer, code, detail, err);
    if (reason.code == AQ_E_TIMEOUT)
        return aq_fail(err, AQ_E_TIMEOUT, "%s has not answered in full within %lld ms", url,
                       (long long)request->timeout_ms);
    return aq_fail(err, reason.code, "%s: %s", url, reason.text);
}

int aq_http(const struct aq_http_request *request, struct aq_http_answer *answer, struct aq_error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    if (check(request, err) < 0)
        return -1;
    aq_autocurl CURL *handle = aq_curl_new(request->url, false, err);
    if (handle == NULL)
        return -1;
    struct curl_slist *headers = NULL;
    for (size_t i = 0; i < request->headers.count; i++)
        headers = aq_curl.curl_slist_append(headers, request->headers.items[i]);
    set_up(handle, request, headers, answer, detail);
    int done = run(handle, request, answer, detail, err);
    long status = 0;
    aq_curl.curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    aq_curl.curl_slist_free_all(headers);
    return done;
}

void aq_http_answer_free(struct aq_http_answer *answer)
{
    aq_buffer_free(&answer->body);
    aq_strings_free(&answer->headers);
}

void aq_http_pause(int64_t milliseconds)
{
    struct aq_error ignored = {0};
    aq_sleep_until(aq_after_ms(milliseconds), &ignored);
}
