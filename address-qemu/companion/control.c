/* SPDX-License-Identifier: MIT */
#include "companion/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "companion/companion.h"
#include "util/message.h"

void aq_control_open(struct aq_control *control, int start)
{
    control->listener = -1;
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++)
        control->clients[i] = -1;
    control->clients[0] = start;
}

void aq_control_fill(struct aq_control *control, struct aq_polls *polls)
{
    bool room = false;
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++) {
        room = room || control->clients[i] < 0;
        control->places[i] = aq_polls_add(polls, control->clients[i], POLLIN);
    }
    control->listener_place = aq_polls_add(polls, room ? control->listener : -1, POLLIN);
}

static void accept_client(struct aq_control *control)
{
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++)
        if (control->clients[i] < 0) {
            control->clients[i] = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
            return;
        }
}

static void serve_client(struct aq_companion *companion, int *client)
{
    static char text[AQ_CONTROL_MESSAGE_MAX + 1];
    int passed;
    ssize_t got = aq_message_receive(*client, text, AQ_CONTROL_MESSAGE_MAX, &passed);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        aq_companion_forget_client(companion, *client);
        close(*client);
        *client = -1;
        return;
    }
    text[got] = '\0';
    aq_companion_command(companion, *client, text, passed);
}

void aq_control_serve(struct aq_companion *companion, const struct aq_polls *polls)
{
    struct aq_control *control = &companion->control;
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++)
        if (control->clients[i] >= 0 && aq_polls_events(polls, control->places[i]) != 0)
            serve_client(companion, &control->clients[i]);
    if (aq_polls_events(polls, control->listener_place) != 0)
        accept_client(control);
}

void aq_control_reply(int client, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length >= (int)sizeof text)
        length = sizeof text - 1;
    if (aq_message_send(client, text, (size_t)length, -1) < 0)
        shutdown(client, SHUT_RDWR);
}
