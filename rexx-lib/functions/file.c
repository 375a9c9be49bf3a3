/* SPDX-License-Identifier: MIT */
/* FILE_READ, FILE_WRITE and FILE_EXISTS: text files whole, with what came of it as an object. CHARIN and
 * CHAROUT of REXX are for bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "functions/handlers.h"
#include "functions/value.h"
#include "util/cleanup.h"

/* Only UTF-8 is known; -1 after the refusal. */
static int check_encoding(struct aq_invocation *call, ULONG n)
{
    const RXSTRING *encoding = aq_argument(call, n);
    if (encoding == NULL || encoding->strlength == 0)
        return 0;
    aq_autofree char *name = aq_strndup(encoding->strptr, encoding->strlength);
    if (strcasecmp(name, "utf8") == 0 || strcasecmp(name, "utf-8") == 0)
        return 0;
    return aq_refuse_call(call,
                          "the encoding has to be utf8, but is \"%.40s\"; bytes are for CHARIN and "
                          "CHAROUT",
                          name);
}

static int give_and_free(struct aq_invocation *call, json_t *object)
{
    int given = aq_give_value(call, object);
    json_decref(object);
    return given;
}

static int give_failure(struct aq_invocation *call, const char *name, const char *why)
{
    aq_autofree char *message = aq_format("%s: %s", name, why);
    json_t *object = json_object();
    json_object_set_new(object, "success", json_false());
    json_object_set_new(object, "error", aq_value_string(message, strlen(message)));
    return give_and_free(call, object);
}

/* Up to one byte more than there may be. */
static int read_all(int fd, struct aq_buffer *to)
{
    ssize_t got = 1;
    while (got != 0 && to->length <= AQ_VALUE_MAX) {
        char *room = aq_buffer_room(to, 65536);
        got = read(fd, room, 65536);
        if (got < 0 && errno != EINTR)
            return -1;
        aq_buffer_filled(to, got > 0 ? (size_t)got : 0);
    }
    return 0;
}

int aq_fn_file_read(struct aq_invocation *call)
{
    aq_autofree char *name = aq_argument_text(call, 0, "a file's name");
    if (name == NULL || check_encoding(call, 1) < 0)
        return -1;
    aq_autoclose int fd = open(name, O_RDONLY | O_CLOEXEC);
    aq_autobuffer struct aq_buffer content = {0};
    if (fd < 0 || read_all(fd, &content) < 0)
        return give_failure(call, name, strerror(errno));
    if (content.length > AQ_VALUE_MAX)
        return give_failure(call, name, "it has more than 64 MiB");
    json_t *object = json_object();
    json_object_set_new(object, "success", json_true());
    json_object_set_new(object, "content", aq_value_string(aq_buffer_text(&content), content.length));
    json_object_set_new(object, "size", json_integer((json_int_t)content.length));
    return give_and_free(call, object);
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR)
            return -1;
        bytes += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

int aq_fn_file_write(struct aq_invocation *call)
{
    aq_autofree char *name = aq_argument_text(call, 0, "a file's name");
    const RXSTRING *content = name != NULL ? aq_argument_needed(call, 1, "what to write") : NULL;
    if (content == NULL || check_encoding(call, 2) < 0)
        return -1;
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return give_failure(call, name, strerror(errno));
    int written = write_all(fd, content->strptr, content->strlength);
    int reason = errno;
    if (close(fd) < 0 && written == 0) {
        written = -1;
        reason = errno;
    }
    if (written < 0)
        return give_failure(call, name, strerror(reason));
    json_t *object = json_object();
    json_object_set_new(object, "success", json_true());
    json_object_set_new(object, "bytes", json_integer((json_int_t)content->strlength));
    json_object_set_new(object, "path", aq_value_string(name, strlen(name)));
    return give_and_free(call, object);
}

int aq_fn_file_exists(struct aq_invocation *call)
{
    aq_autofree char *name = aq_argument_text(call, 0, "a file's name");
    return name == NULL ? -1 : aq_give_number(call, access(name, F_OK) == 0);
}
