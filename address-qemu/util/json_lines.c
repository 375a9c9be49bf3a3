/* SPDX-License-Identifier: MIT */
#include "util/json_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/json.h"

#define READ_SIZE 65536

/* How deep brackets nest, so that a hostile text is refused before a recursive parser sees it. */
static unsigned nesting_depth(const char *text, size_t length)
{
    unsigned depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!in_string && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return deepest;
}

json_t *aq_json_parse_untrusted(const char *text, size_t length, struct aq_error *err)
{
    if (nesting_depth(text, length) > AQ_JSON_MAX_DEPTH) {
        aq_fail(err, AQ_E_GUEST_PROTOCOL, "JSON nested deeper than %d", AQ_JSON_MAX_DEPTH);
        return NULL;
    }
    json_error_t why;
    json_t *value = json_loadb(text, length, JSON_ALLOW_NUL, &why);
    if (value == NULL)
        aq_fail(err, AQ_E_GUEST_PROTOCOL, "not JSON: %s", why.text);
    else if (!json_is_object(value)) {
        aq_fail(err, AQ_E_GUEST_PROTOCOL, "JSON, but not an object");
        json_decref(value);
        value = NULL;
    }
    return value;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr(" \t\r", text[i]) == NULL || text[i] == '\0')
            return false;
    return true;
}

/* Takes the first whole line out of the input as an object. AQ_JSON_DEADLINE when there is none yet. */
static enum aq_json_read take_line(struct aq_json_lines *lines, json_t **object, struct aq_error *err)
{
    struct aq_buffer *input = &lines->input;
    for (;;) {
        char *end = input->length > lines->scanned
                        ? memchr(input->data + lines->scanned, '\n', input->length - lines->scanned)
                        : NULL;
        size_t length = end != NULL ? (size_t)(end - input->data) : input->length;
        if (length > lines->max) {
            aq_fail(err, AQ_E_GUEST_PROTOCOL, "a line longer than %zu bytes", lines->max);
            return AQ_JSON_BAD;
        }
        lines->scanned = end != NULL ? 0 : input->length;
        if (end == NULL)
            return AQ_JSON_DEADLINE;
        bool blank = is_blank(input->data, length);
        json_t *value = blank ? NULL : aq_json_parse_untrusted(input->data, length, err);
        input->length -= length + 1;
        memmove(input->data, end + 1, input->length + 1);
        if (blank)
            continue;
        *object = value;
        return value != NULL ? AQ_JSON_OBJECT : AQ_JSON_BAD;
    }
}

bool aq_json_lines_pending(const struct aq_json_lines *lines)
{
    return lines->input.length > 0 && memchr(lines->input.data, '\n', lines->input.length) != NULL;
}

enum aq_json_read aq_json_lines_read(struct aq_json_lines *lines, aq_deadline deadline, json_t **object,
                                     struct aq_error *err)
{
    for (bool tried = false;; tried = true) {
        enum aq_json_read taken = take_line(lines, object, err);
        if (taken != AQ_JSON_DEADLINE)
            return taken;
        if (tried && aq_ms_left(deadline) == 0) /* a peer that never stops sending must not hold us */
            return AQ_JSON_DEADLINE;
        int ready = aq_wait_fd(lines->fd, POLLIN, deadline, err);
        if (ready <= 0)
            return ready < 0 ? AQ_JSON_FAILED : AQ_JSON_DEADLINE;
        ssize_t got = recv(lines->fd, aq_buffer_room(&lines->input, READ_SIZE), READ_SIZE, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return AQ_JSON_ENDED;
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            aq_fail_errno(err, AQ_E_IO, errno, "the connection broke");
            return AQ_JSON_FAILED;
        }
        if (got > 0) {
            aq_buffer_filled(&lines->input, (size_t)got);
        }
    }
}

int aq_json_lines_write(int fd, const json_t *object, aq_deadline deadline, struct aq_error *err)
{
    aq_autofree char *text = json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        return aq_fail(err, AQ_E_FAILED, "a message cannot be written as JSON");
    size_t length = strlen(text);
    text[length++] = '\n'; /* in the NUL's place: from here on it is bytes */
    for (size_t sent = 0; sent < length;) {
        ssize_t n = send(fd, text + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return aq_fail_errno(err, AQ_E_IO, errno, "the connection broke");
        int ready = aq_wait_fd(fd, POLLOUT, deadline, err);
        if (ready < 0)
            return -1;
        if (ready == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "the peer did not take a message in time");
    }
    return 0;
}

void aq_json_lines_free(struct aq_json_lines *lines)
{
    aq_buffer_free(&lines->input);
    lines->scanned = 0;
}
