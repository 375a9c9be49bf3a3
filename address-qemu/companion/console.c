/* SPDX-License-Identifier: MIT */
#include "companion/console.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client that takes nothing for so long keeps the guest's console from going on, and is put out. */
enum { CLIENT_PATIENCE_MS = 10000 };

static size_t room(struct aq_stream_buffer *buffer)
{
    if (buffer->start > 0) {
        memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->end - buffer->start);
        buffer->end -= buffer->start;
        buffer->start = 0;
    }
    return sizeof buffer->bytes - buffer->end;
}

static bool has(const struct aq_stream_buffer *buffer)
{
    return buffer->end > buffer->start;
}

/* Writes as much as is taken; false when nobody is there any more. */
static bool drain(struct aq_stream_buffer *buffer, int fd)
{
    while (has(buffer)) {
        ssize_t sent =
            send(fd, buffer->bytes + buffer->start, buffer->end - buffer->start, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        buffer->start += (size_t)sent;
    }
    return true;
}

/* Reads what there is room for; false at the end. */
static bool take(struct aq_stream_buffer *buffer, int fd)
{
    size_t free_bytes = room(buffer);
    ssize_t got = free_bytes > 0 ? recv(fd, buffer->bytes + buffer->end, free_bytes, MSG_DONTWAIT) : -1;
    if (got > 0)
        buffer->end += (size_t)got;
    return got > 0 || (got < 0 && (free_bytes == 0 || errno == EAGAIN || errno == EINTR));
}

static void put_out(struct aq_console *console)
{
    close(console->client);
    console->client = -1;
    console->to_client.start = console->to_client.end = 0; /* what it has said still goes to the guest */
}

void aq_console_fill(struct aq_console *console, struct aq_polls *polls, int64_t now_ms)
{
    bool attended = console->client >= 0;
    if (!has(&console->to_client))
        console->client_took_ms = now_ms;
    else
        aq_polls_call_at(polls, console->client_took_ms + CLIENT_PATIENCE_MS);
    short guest = has(&console->to_guest) ? POLLOUT : 0, client = has(&console->to_client) ? POLLOUT : 0;
    if (!attended || room(&console->to_client) > 0)
        guest |= POLLIN;
    if (attended && room(&console->to_guest) > 0)
        client |= POLLIN;
    console->guest_place = aq_polls_add(polls, console->guest, guest);
    console->listener_place = aq_polls_add(polls, attended ? -1 : console->listener, POLLIN);
    console->client_place = aq_polls_add(polls, console->client, client);
}

static void serve_guest(struct aq_console *console)
{
    struct aq_stream_buffer *buffer = &console->to_client;
    size_t before = buffer->end - buffer->start;
    if (!take(buffer, console->guest))
        console->ended = true;
    aq_bounded_write(&console->log, buffer->bytes + buffer->start + before,
                     buffer->end - buffer->start - before);
    if (console->client < 0)
        buffer->start = buffer->end = 0;
}

static void serve_client(struct aq_console *console, short events, int64_t now_ms)
{
    size_t waiting = console->to_client.end - console->to_client.start;
    bool stays = drain(&console->to_client, console->client);
    if (console->to_client.end - console->to_client.start < waiting)
        console->client_took_ms = now_ms;
    if (stays && (events & (POLLIN | POLLHUP)) != 0)
        stays = room(&console->to_guest) > 0 && take(&console->to_guest, console->client);
    if (!stays || now_ms - console->client_took_ms > CLIENT_PATIENCE_MS)
        put_out(console);
}

void aq_console_serve(struct aq_console *console, const struct aq_polls *polls, int64_t now_ms)
{
    short guest = aq_polls_events(polls, console->guest_place);
    if ((guest & (POLLIN | POLLHUP | POLLERR)) != 0)
        serve_guest(console);
    if (aq_polls_events(polls, console->listener_place) != 0) {
        console->client = accept4(console->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        console->client_took_ms = now_ms; /* it may have been quiet for long */
    }
    if (console->client >= 0)
        serve_client(console, aq_polls_events(polls, console->client_place), now_ms);
    if (console->guest >= 0 && !drain(&console->to_guest, console->guest))
        console->ended = true;
}

void aq_console_end(struct aq_console *console)
{
    char piece[4096];
    ssize_t got;
    while (console->guest >= 0 && (got = recv(console->guest, piece, sizeof piece, MSG_DONTWAIT)) > 0)
        aq_bounded_write(&console->log, piece, (size_t)got);
    if (console->client >= 0)
        put_out(console);
}
