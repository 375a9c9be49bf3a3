/* SPDX-License-Identifier: MIT */
#include "guest/server/side.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int aq_side_open(struct aq_side *side)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    side->fd = ends[0];
    return ends[1];
}

void aq_side_close(struct aq_side *side)
{
    if (side->fd >= 0)
        close(side->fd);
    side->fd = -1;
}

bool aq_side_may_flow(const struct aq_session *session, const struct aq_operation *operation,
                      const struct aq_side *side)
{
    return side->fd >= 0 && operation->may_send >= AQ_SIDE_MAX && aq_session_has_room(session, AQ_SIDE_MAX);
}

/* Sends the first line that is whole. What is longer than a line may be is dropped up to its end. */
static bool send_line(struct aq_session *session, struct aq_operation *operation, struct aq_side *side)
{
    char *end = memchr(side->line, '\n', side->length);
    if (end == NULL) {
        if (side->length == sizeof side->line) {
            side->too_long = true;
            side->length = 0;
        }
        return false;
    }
    size_t length = (size_t)(end - side->line);
    if (!side->too_long) {
        aq_wire_send(&session->queue, AQ_WIRE_SIDE, 0, operation->channel, side->line, length);
        operation->may_send -= (uint32_t)length;
    }
    side->too_long = false;
    side->length -= length + 1;
    memmove(side->line, end + 1, side->length);
    return true;
}

bool aq_side_pump(struct aq_session *session, struct aq_operation *operation, struct aq_side *side)
{
    bool sent = false;
    side->drained = side->fd < 0;
    while (aq_side_may_flow(session, operation, side)) {
        if (send_line(session, operation, side)) {
            sent = true;
            continue;
        }
        ssize_t got =
            recv(side->fd, side->line + side->length, sizeof side->line - side->length, MSG_DONTWAIT);
        if (got <= 0) {
            side->drained = true;
            if (got == 0 || errno != EAGAIN)
                aq_side_close(side);
            break;
        }
        side->length += (size_t)got;
    }
    return sent;
}

void aq_side_tell(struct aq_side *side, const struct aq_frame *frame)
{
    char line[AQ_SIDE_MAX + 1];
    size_t length = frame->length < AQ_SIDE_MAX ? frame->length : AQ_SIDE_MAX;
    memcpy(line, frame->payload, length);
    line[length] = '\n';
    if (side->fd >= 0 && send(side->fd, line, length + 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        /* it does not read what it is told, or is gone: its own loss */
    }
}
