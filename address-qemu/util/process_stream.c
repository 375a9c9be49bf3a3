/* SPDX-License-Identifier: MIT */
#include "util/process_stream.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* A line without an end is told in pieces of this size, so that it cannot fill the memory. */
#define LINE_MAX_BYTES ((size_t)64 << 10)
#define LAST_BYTES ((size_t)2 << 10)
#define LAST_LINES 10

static void tell_line(struct aq_stream_reader *stream)
{
    struct aq_buffer *line = &stream->line;
    if (line->length > 0 && line->data[line->length - 1] == '\r')
        line->data[--line->length] = '\0';
    stream->on_line(stream->on_line_data, aq_buffer_text(line));
    aq_buffer_clear(line);
}

static void add_to_lines(struct aq_stream_reader *stream, const char *data, size_t length)
{
    while (length > 0) {
        const char *end = memchr(data, '\n', length);
        size_t part = end != NULL ? (size_t)(end - data) : length;
        size_t room = LINE_MAX_BYTES - stream->line.length;
        if (part > room) {
            part = room;
            end = NULL;
        }
        aq_buffer_add(&stream->line, data, part);
        if (end != NULL || stream->line.length == LINE_MAX_BYTES)
            tell_line(stream);
        part += end != NULL;
        data += part;
        length -= part;
    }
}

/* Keeps at least LAST_BYTES of the end, at most twice as much. */
static void add_to_last(struct aq_buffer *last, const char *data, size_t length)
{
    if (length > LAST_BYTES) {
        data += length - LAST_BYTES;
        length = LAST_BYTES;
    }
    if (last->length + length > 2 * LAST_BYTES) {
        memmove(last->data, last->data + last->length - LAST_BYTES, LAST_BYTES);
        last->length = LAST_BYTES;
    }
    aq_buffer_add(last, data, length);
}

bool aq_stream_reader_take(struct aq_stream_reader *stream)
{
    if (stream->fd < 0)
        return false;
    char data[64 << 10];
    ssize_t got;
    do
        got = read(stream->fd, data, sizeof data);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {
        close(stream->fd);
        stream->fd = -1;
        return false;
    }
    size_t length = (size_t)got;
    size_t room = stream->limit - stream->captured.length;
    aq_buffer_add(&stream->captured, data, length < room ? length : room);
    add_to_last(&stream->last, data, length);
    if (stream->on_line != NULL)
        add_to_lines(stream, data, length);
    return true;
}

void aq_stream_reader_finish(struct aq_stream_reader *stream)
{
    /* What is in the pipe now is at most its capacity (1 MiB unless root raised it): a program in the
       background that goes on writing does not keep us here. */
    for (int piece = 0; piece < 1024 && aq_stream_reader_take(stream); piece++)
        ;
    if (stream->on_line != NULL && stream->line.length > 0)
        tell_line(stream);
}

static const char *last_lines_start(const char *text, const char *end)
{
    const char *start = end;
    for (int lines = 0; start > text; start--)
        if (start[-1] == '\n' && ++lines == LAST_LINES)
            break;
    return start;
}

char *aq_stream_reader_last_lines(const struct aq_stream_reader *stream)
{
    const char *text = aq_buffer_text(&stream->last);
    const char *end = text + stream->last.length;
    while (end > text && (unsigned char)end[-1] <= ' ')
        end--;
    const char *from = (size_t)(end - text) > LAST_BYTES ? end - LAST_BYTES : text;
    from = last_lines_start(from, end);
    char *words = aq_alloc((size_t)(end - from) + 1);
    size_t used = 0;
    for (; from < end; from++)
        if (((unsigned char)*from >= ' ' && *from != 0x7f) || *from == '\n' || *from == '\t')
            words[used++] = *from;
    return words;
}

void aq_stream_reader_free(struct aq_stream_reader *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    aq_buffer_free(&stream->captured);
    aq_buffer_free(&stream->last);
    aq_buffer_free(&stream->line);
}
