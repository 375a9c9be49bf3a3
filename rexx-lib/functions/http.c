/* SPDX-License-Identifier: MIT */
/* HTTP_GET and HTTP_POST. What came, or why nothing came, is in the object that they return. */
#include "util/http.h"

#include <stdio.h>
#include <string.h>

#include "functions/handlers.h"
#include "functions/value.h"
#include "signals.h"

#define TIMEOUT_MS 30000
#define RETRIES_MAX 1000

/* A header for each member of the object that the nth argument is. */
static int read_headers(struct aq_invocation *call, ULONG n, struct aq_strings *headers)
{
    char problem[200] = "it is neither an object nor the JSON of one";
    const RXSTRING *argument = aq_argument(call, n);
    if (argument == NULL || argument->strlength == 0)
        return 0;
    json_t *object = aq_value_parse(argument->strptr, argument->strlength, problem, sizeof problem);
    const char *key;
    json_t *member;
    bool fits = json_is_object(object);
    if (fits)
        json_object_foreach(object, key, member)
        {
            aq_autobuffer struct aq_buffer text = {0};
            aq_value_write(member, &text);
            aq_strings_format(headers, "%s: %s", key, aq_buffer_text(&text));
        }
    json_decref(object);
    return fits ? 0 : aq_refuse_call(call, "the headers cannot be read: %s", problem);
}

static bool has_header(const struct aq_strings *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (strncasecmp(headers->items[i], name, strlen(name)) == 0 && headers->items[i][strlen(name)] == ':')
            return true;
    return false;
}

static json_t *headers_object(const struct aq_strings *headers)
{
    json_t *object = json_object();
    for (size_t i = 0; i < headers->count; i++) {
        const char *line = headers->items[i], *colon = strchr(line, ':');
        if (colon == NULL)
            continue;
        aq_autofree char *name = aq_strndup(line, (size_t)(colon - line));
        const char *value = colon + 1 + strspn(colon + 1, " \t");
        json_object_set_new(object, name, aq_value_string(value, strlen(value)));
    }
    return object;
}

static json_t *as_object(const struct aq_http_answer *answer, const struct aq_error *err, int64_t attempt)
{
    json_t *object = json_object();
    bool came = err->code == AQ_OK;
    json_object_set_new(object, "status", json_integer(came ? answer->status : 0));
    json_object_set_new(object, "ok", json_boolean(came && answer->status >= 200 && answer->status < 300));
    json_object_set_new(object, "body",
                        came ? aq_value_string(aq_buffer_text(&answer->body), answer->body.length)
                             : json_string(""));
    json_object_set_new(object, "headers", came ? headers_object(&answer->headers) : json_object());
    if (!came)
        json_object_set_new(object, "error", aq_value_string(err->text, strlen(err->text)));
    json_object_set_new(object, "attempt", json_integer(attempt));
    return object;
}

/* The object that came of the request, tried again as often as is wanted. */
static int request(struct aq_invocation *call, struct aq_http_request *request, int64_t pause_ms,
                   int64_t retries)
{
    json_t *object = NULL;
    aq_signals_begin();
    for (int64_t attempt = 1; object == NULL; attempt++) {
        aq_cleanup(aq_http_answer_free) struct aq_http_answer answer = {0};
        struct aq_error err = {0};
        int done = aq_http(request, &answer, &err);
        if (done == 0 || attempt > retries || aq_interrupted())
            object = as_object(&answer, &err, attempt);
        else
            aq_http_pause(pause_ms);
    }
    int given = aq_give_value(call, object);
    json_decref(object);
    aq_signals_end();
    return given;
}

int aq_fn_http_get(struct aq_invocation *call)
{
    int64_t pause_ms, retries;
    struct aq_http_request get = {0};
    aq_autofree char *url = aq_argument_text(call, 0, "a URL");
    int done =
        url == NULL || read_headers(call, 1, &get.headers) < 0 ||
                aq_argument_number(call, 2, "timeout", TIMEOUT_MS, 1, INT32_MAX, &get.timeout_ms) < 0 ||
                aq_argument_number(call, 3, "retryInterval", 0, 0, INT32_MAX, &pause_ms) < 0 ||
                aq_argument_number(call, 4, "maxRetries", 0, 0, RETRIES_MAX, &retries) < 0
            ? -1
            : 0;
    get.url = url;
    if (done == 0)
        done = request(call, &get, pause_ms, retries);
    aq_strings_free(&get.headers);
    return done;
}

int aq_fn_http_post(struct aq_invocation *call)
{
    struct aq_http_request post = {0};
    aq_autofree char *url = aq_argument_text(call, 0, "a URL");
    const RXSTRING *body = aq_argument(call, 1);
    int done = url == NULL || read_headers(call, 2, &post.headers) < 0 ||
                       aq_argument_number(call, 3, "timeout", TIMEOUT_MS, 1, INT32_MAX, &post.timeout_ms) < 0
                   ? -1
                   : 0;
    if (done == 0) {
        post.url = url;
        post.body = body != NULL ? body->strptr : "";
        post.body_length = body != NULL ? body->strlength : 0;
        if (!has_header(&post.headers, "Content-Type"))
            aq_strings_add(&post.headers, "Content-Type: application/json");
        done = request(call, &post, 0, 0);
    }
    aq_strings_free(&post.headers);
    return done;
}
