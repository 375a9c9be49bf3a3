/* SPDX-License-Identifier: MIT */
/* The helper's protocol by hand: to say what neither end of ours would. */
#ifndef AQ_TEST_WIRE_H
#define AQ_TEST_WIRE_H

#include <string.h>
#include <unistd.h>

#include "guest/wire.h"
#include "test.h"

/* Room for a queue. */
static unsigned char space[1 << 20];

static inline void send_queue(int fd, struct aq_wire_queue *queue)
{
    for (ssize_t sent; queue->start < queue->end; queue->start += (size_t)sent)
        assert_true((sent = write(fd, queue->bytes + queue->start, queue->end - queue->start)) > 0);
    queue->start = queue->end = 0;
}

static inline struct aq_frame next_frame(int fd, struct aq_wire_parser *parser)
{
    struct aq_frame frame;
    int taken;
    while ((taken = aq_wire_next(parser, &frame)) == 0) {
        size_t room;
        unsigned char *to = aq_wire_room(parser, &room);
        ssize_t got = read(fd, to, room);
        assert_true(got > 0);
        parser->end += (size_t)got;
    }
    assert_int_equal(taken, 1);
    return frame;
}

static inline void greet_by_hand(int fd, struct aq_wire_queue *queue, struct aq_wire_parser *parser)
{
    unsigned char hello[12] = {42};
    aq_wire_put32(hello + 8, AQ_WIRE_VERSION);
    aq_wire_send_padding(queue);
    aq_wire_send(queue, AQ_WIRE_HELLO, 0, 0, hello, sizeof hello);
    send_queue(fd, queue);
    struct aq_frame answer;
    do {
        parser->hunting = true;
        answer = next_frame(fd, parser);
    } while (aq_wire_get64(answer.payload) != 42);
    assert_int_equal(answer.type, AQ_WIRE_HELLO_ANSWER);
}

#endif
