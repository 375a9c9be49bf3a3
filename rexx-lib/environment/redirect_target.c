/* SPDX-License-Identifier: MIT */
#include "redirect_target.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "pool.h"
#include "util/cleanup.h"

#define INPUT_MAX ((size_t)64 << 20)

static bool is_word(const RXSTRING *argument, const char *word)
{
    return argument != NULL && argument->strlength == strlen(word) &&
           strncasecmp(argument->strptr, word, argument->strlength) == 0;
}

static char *upper(const RXSTRING *name)
{
    char *copy = aq_strndup(name->strptr, name->strlength);
    for (char *c = copy; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

int aq_target_read(struct aq_invocation *call, ULONG n, bool is_input, struct aq_target *target)
{
    static const char *const kinds[] = {[AQ_TARGET_NORMAL] = "NORMAL",
                                        [AQ_TARGET_STEM] = "STEM",
                                        [AQ_TARGET_STREAM] = "STREAM",
                                        [AQ_TARGET_FIFO] = "FIFO",
                                        [AQ_TARGET_LIFO] = "LIFO"};
    const RXSTRING *mode = aq_argument(call, n), *kind = aq_argument(call, n + 1),
                   *name = aq_argument(call, n + 2);
    *target = (struct aq_target){.append = !is_input && is_word(mode, "APPEND")};
    for (int i = AQ_TARGET_NORMAL; i <= AQ_TARGET_LIFO; i++)
        if (is_word(kind, kinds[i]))
            target->kind = (enum aq_target_kind)i;
    if (target->kind == AQ_TARGET_NONE ||
        (mode != NULL && !is_word(mode, "APPEND") && !is_word(mode, "REPLACE")))
        return aq_refuse_call(
            call, "a redirection is REPLACE or APPEND, and then STEM, STREAM, FIFO, LIFO or NORMAL");
    if (target->kind == AQ_TARGET_NORMAL)
        return 0;
    if (name == NULL)
        return aq_refuse_call(call, "%s wants a name", kinds[target->kind]);
    target->name = target->kind == AQ_TARGET_STEM ? upper(name) : aq_strndup(name->strptr, name->strlength);
    if (target->kind == AQ_TARGET_STREAM && name->strlength == 0)
        return aq_refuse_call(call, "STREAM wants a file's name");
    return 0;
}

void aq_target_copy(const struct aq_target *from, struct aq_target *to)
{
    *to = *from;
    to->name = from->name != NULL ? aq_strdup(from->name) : NULL;
}

void aq_target_free(struct aq_target *target)
{
    free(target->name);
    *target = (struct aq_target){0};
}

bool aq_target_same(const struct aq_target *a, const struct aq_target *b)
{
    return a->kind == b->kind && a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0;
}

/* STEM.0 as a count of lines; -1 if it is none. */
static long long count_lines(const char *stem)
{
    aq_autobuffer struct aq_buffer value = {0};
    aq_autofree char *name = aq_format("%s0", stem);
    char *end;
    if (!aq_pool_fetch(name, strlen(name), &value) || value.length == 0)
        return -1;
    long long count = strtoll(aq_buffer_text(&value), &end, 10);
    return *end == '\0' && count >= 0 ? count : -1;
}

static int fetch_stem(const char *stem, struct aq_buffer *to, char *problem, size_t size)
{
    long long count = count_lines(stem);
    if (count < 0) {
        snprintf(problem, size, "INPUT STEM %s: %s0 has to be a count of lines", stem, stem);
        return -1;
    }
    for (long long i = 1; i <= count && to->length <= INPUT_MAX; i++) {
        aq_autofree char *name = aq_format("%s%lld", stem, i);
        aq_pool_evaluate(name, strlen(name), to);
        aq_buffer_add_char(to, '\n');
    }
    return 0;
}

static int fetch_stream(const char *name, struct aq_buffer *to, char *problem, size_t size)
{
    aq_autoclose int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && to->length <= INPUT_MAX) {
        char *room = aq_buffer_room(to, 65536);
        got = read(fd, room, 65536);
        aq_buffer_filled(to, got > 0 ? (size_t)got : 0);
    }
    if (got < 0)
        snprintf(problem, size, "INPUT STREAM %s: %s", name, strerror(errno));
    return got < 0 ? -1 : 0;
}

/* The queue's name for Regina, whose own is that of the moment. */
static const char *queue_name(const char *name)
{
    return *name != '\0' ? name : "SESSION";
}

static int fetch_queue(const char *name, struct aq_buffer *to)
{
    RXSTRING line = {0, NULL};
    while (to->length <= INPUT_MAX &&
           RexxPullQueue((PSZ)queue_name(name), &line, NULL, RXQUEUE_NOWAIT) == 0) {
        aq_buffer_add(to, line.strptr != NULL ? line.strptr : "", line.strlength);
        aq_buffer_add_char(to, '\n');
        if (line.strptr != NULL)
            RexxFreeMemory(line.strptr);
        line = (RXSTRING){0, NULL};
    }
    return 0;
}

int aq_target_fetch(const struct aq_target *target, struct aq_buffer *to, char *problem, size_t size)
{
    int done = target->kind == AQ_TARGET_STEM     ? fetch_stem(target->name, to, problem, size)
               : target->kind == AQ_TARGET_STREAM ? fetch_stream(target->name, to, problem, size)
                                                  : fetch_queue(target->name, to);
    if (done == 0 && to->length > INPUT_MAX) {
        snprintf(problem, size, "INPUT %s: more than %zu MiB", target->name, INPUT_MAX >> 20);
        return -1;
    }
    return done;
}

/* Each line in turn, without its end. What stands behind the last is one too, unless it is empty. */
static bool next_line(const struct aq_buffer *bytes, size_t *at, const char **line, size_t *length)
{
    if (*at >= bytes->length)
        return false;
    *line = bytes->data + *at;
    const char *newline = memchr(*line, '\n', bytes->length - *at);
    *length = newline != NULL ? (size_t)(newline - *line) : bytes->length - *at;
    *at += *length + 1;
    return true;
}

static int deliver_stem(const char *stem, bool append, const struct aq_buffer *bytes, char *problem,
                        size_t size)
{
    long long count = append ? count_lines(stem) : 0;
    const char *line;
    size_t at = 0, length;
    if (count < 0) {
        snprintf(problem, size, "APPEND STEM %s: %s0 has to be a count of lines", stem, stem);
        return -1;
    }
    while (next_line(bytes, &at, &line, &length)) {
        aq_autofree char *name = aq_format("%s%lld", stem, ++count);
        aq_pool_set_literal(name, strlen(name), line, length);
    }
    aq_autofree char *name = aq_format("%s0", stem), *number = aq_format("%lld", count);
    aq_pool_set_literal(name, strlen(name), number, strlen(number));
    return 0;
}

static int deliver_stream(const char *name, bool append, const struct aq_buffer *bytes, char *problem,
                          size_t size)
{
    aq_autoclose int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
    size_t at = 0;
    while (fd >= 0 && at < bytes->length) {
        ssize_t written = write(fd, bytes->data + at, bytes->length - at);
        if (written < 0 && errno != EINTR)
            break;
        at += written > 0 ? (size_t)written : 0;
    }
    if (fd < 0 || at < bytes->length) {
        snprintf(problem, size, "STREAM %s: %s", name, strerror(errno));
        return -1;
    }
    return 0;
}

static void deliver_queue(const char *name, bool append, bool lifo, const struct aq_buffer *bytes)
{
    const char *line;
    size_t at = 0, length;
    aq_autobuffer struct aq_buffer old = {0};
    if (!append)
        fetch_queue(name, &old);
    while (next_line(bytes, &at, &line, &length)) {
        RXSTRING entry = {length, (char *)line};
        RexxAddQueue((PSZ)queue_name(name), &entry, lifo ? RXQUEUE_LIFO : RXQUEUE_FIFO);
    }
}

int aq_target_deliver(const struct aq_target *target, bool add, const struct aq_buffer *bytes, char *problem,
                      size_t size)
{
    bool append = target->append || add;
    switch (target->kind) {
    case AQ_TARGET_STEM:
        return deliver_stem(target->name, append, bytes, problem, size);
    case AQ_TARGET_STREAM:
        return deliver_stream(target->name, append, bytes, problem, size);
    default:
        deliver_queue(target->name, append, target->kind == AQ_TARGET_LIFO, bytes);
        return 0;
    }
}
