/* SPDX-License-Identifier: MIT */
/* Finding the helper: HELLO until it is answered, and leaving a session that is no use any more. */
#include "guest/helper_session.h"

#include <string.h>

#include "util/random.h"

#define FIRST_RETRY_MS 250
#define LAST_RETRY_MS 4000

void aq_helper_leave(struct aq_helper *helper)
{
    helper->greeted = false;
    helper->hellos = 0;
    helper->say_hello_at = 0;
    helper->queue.start = helper->queue.end = 0;
    helper->parser.hunting = true;
    aq_random_bytes(&helper->nonce, sizeof helper->nonce);
    helper->nonce |= 1; /* 0 is not a session's */
}

int aq_helper_flush(struct aq_helper *helper, struct aq_error *err)
{
    struct aq_wire_queue *queue = &helper->queue;
    while (queue->start < queue->end) {
        ssize_t sent =
            aq_channel_write(&helper->base, queue->bytes + queue->start, queue->end - queue->start, err);
        if (sent < 0)
            return -1;
        if (sent == 0)
            return 0;
        queue->start += (size_t)sent;
    }
    queue->start = queue->end = 0;
    return 0;
}

static void queue_hello(struct aq_helper *helper)
{
    unsigned char payload[12];
    aq_wire_put64(payload, helper->nonce);
    aq_wire_put32(payload + 8, AQ_WIRE_VERSION);
    aq_wire_send(&helper->queue, AQ_WIRE_HELLO, 0, 0, payload, sizeof payload);
}

void aq_helper_greet_once(struct aq_helper *helper)
{
    queue_hello(helper);
    helper->say_hello_at = AQ_FOREVER;
}

/* Says HELLO when it is time to and the one before has left; a port that nobody reads does not fill up with
 * them. */
static void say_hello(struct aq_helper *helper)
{
    if (helper->queue.start != helper->queue.end || aq_now() < helper->say_hello_at)
        return;
    aq_wire_send_padding(&helper->queue);
    queue_hello(helper);
    int64_t pause = FIRST_RETRY_MS << (helper->hellos < 4 ? helper->hellos : 4);
    helper->say_hello_at = aq_after_ms(pause < LAST_RETRY_MS ? pause : LAST_RETRY_MS);
    helper->hellos++;
}

/* Keeps a string of the answer, which has to be short and printable. */
static bool keep_string(const unsigned char **from, const unsigned char *end, char *to)
{
    const char *text = aq_wire_string(from, end);
    if (text == NULL)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    strcpy(to, text); /* both are AQ_WIRE_HELLO_MAX bytes at most */
    return true;
}

static int take_hello(struct aq_helper *helper, const struct aq_frame *frame, struct aq_error *err)
{
    if (frame->type != AQ_WIRE_HELLO_ANSWER || frame->length < 12) {
        helper->parser.hunting = true;
        return 0;
    }
    uint64_t nonce = aq_wire_get64(frame->payload);
    if (nonce == 0)
        helper->say_hello_at = 0;
    helper->parser.hunting = nonce != helper->nonce;
    if (helper->parser.hunting)
        return 0;
    const unsigned char *from = frame->payload + 12;
    const unsigned char *end = frame->payload + frame->length;
    if (aq_wire_get32(frame->payload + 8) != AQ_WIRE_VERSION)
        return aq_fail(err, AQ_E_GUEST_PROTOCOL,
                       "the guest's helper speaks version %u of the protocol, not %u",
                       aq_wire_get32(frame->payload + 8), AQ_WIRE_VERSION);
    if (!keep_string(&from, end, helper->build_id) || !keep_string(&from, end, helper->runner_path))
        return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest's helper does not say properly who it is");
    helper->greeted = true;
    return 1;
}

int aq_helper_fill(struct aq_helper *helper, struct aq_error *err)
{
    size_t room;
    unsigned char *to = aq_wire_room(&helper->parser, &room);
    ssize_t got = aq_channel_read(&helper->base, to, room, err);
    if (got <= 0)
        return (int)got;
    helper->parser.end += (size_t)got;
    return 1;
}

/* A session that was lost while nobody used it is known by what came since; the next one is begun without a
 * word. */
static int check_session(struct aq_helper *helper, struct aq_error *err)
{
    struct aq_error loss = {0};
    if (aq_helper_take_input(helper, &loss) == 0)
        return 1;
    if (loss.code == AQ_E_VM_NOT_RUNNING) {
        *err = loss;
        return -1;
    }
    aq_helper_leave(helper);
    return 0;
}

int aq_helper_greet(struct aq_channel *channel, struct aq_error *err)
{
    struct aq_helper *helper = (struct aq_helper *)channel;
    int state = helper->greeted ? check_session(helper, err) : 0;
    if (state != 0)
        return state;
    for (int reads = 0; reads < 16;) {
        struct aq_frame frame;
        say_hello(helper);
        if (aq_helper_flush(helper, err) < 0)
            return -1;
        int taken = aq_wire_next(&helper->parser, &frame);
        if (taken > 0 && (taken = take_hello(helper, &frame, err)) != 0)
            return taken;
        if (taken > 0)
            continue;
        int got = aq_helper_fill(helper, err);
        if (got <= 0)
            return got;
        reads++;
    }
    return 0;
}

short aq_helper_greet_events(const struct aq_channel *channel)
{
    const struct aq_helper *helper = (const struct aq_helper *)channel;
    return POLLIN | (helper->queue.start < helper->queue.end ? POLLOUT : 0);
}
