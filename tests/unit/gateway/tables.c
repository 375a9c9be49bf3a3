/* SPDX-License-Identifier: MIT */
/* What the gateway remembers, in tables that do not grow: conversations, names, drops; and the cable's queue.
 */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "gateway/drops.h"
#include "gateway/flows.h"
#include "gateway/link.h"
#include "gateway/names.h"
#include "gateway/streams.h"

static void flows_are_remembered_while_there_is_room(void **state)
{
    (void)state;
    static struct aq_flows flows;
    flows = (struct aq_flows){.seed = 12345};
    struct aq_flow flow = {.peer = AQ_IP4(203, 0, 113, 9), .guest_port = 80, .protocol = 6};
    for (unsigned i = 0; i < 200; i++) { /* as many as may be open */
        flow.peer_port = (uint16_t)(1000 + i);
        aq_flows_note(&flows, &flow, 5);
    }
    for (unsigned i = 0; i < 200; i++) {
        flow.peer_port = (uint16_t)(1000 + i);
        assert_true(aq_flows_has(&flows, &flow, 10, 100));
        assert_false(aq_flows_has(&flows, &flow, 106, 100));
        flow.protocol = 17;
        assert_false(aq_flows_has(&flows, &flow, 10, 100));
        flow.protocol = 6;
    }
    /* One that is heard of again and again outlives any number of others. */
    flow.peer_port = 1;
    for (unsigned i = 0; i < 100000; i++) {
        struct aq_flow other = {
            .peer = AQ_IP4(203, 0, i >> 8, i), .peer_port = (uint16_t)i, .guest_port = 80, .protocol = 6};
        aq_flows_note(&flows, &other, (int64_t)i);
        aq_flows_note(&flows, &flow, (int64_t)i);
        assert_true(aq_flows_has(&flows, &flow, (int64_t)i, 1));
    }
}

static void names_make_room_for_later_ones(void **state)
{
    (void)state;
    static struct aq_names names;
    names = (struct aq_names){0};
    struct aq_ip steady = AQ_IP4(198, 51, 100, 1);
    for (unsigned i = 0; i < 3 * AQ_NAMES_MAX; i++) {
        aq_names_learn(&names, "steady.example", &steady);
        aq_names_learn(&names, "fickle.example", &AQ_IP4(10, 0, i >> 8, i));
    }
    assert_int_equal(names.count, AQ_NAMES_MAX);
    assert_true(aq_names_has(&names, "steady.example", &steady));
    assert_true(aq_names_has(&names, "*.example", &steady));
    assert_false(aq_names_has(&names, "fickle.example", &steady));
    assert_false(aq_names_has(&names, "fickle.example", &AQ_IP4(10, 0, 0, 0)));
    aq_names_forget(&names, &steady);
    assert_int_equal(names.count, AQ_NAMES_MAX - 1);
    assert_false(aq_names_has(&names, "*.example", &steady));
    assert_true(aq_names_has(&names, "fickle.example", &AQ_IP4(10, 0, 5, 255)));
    assert_true(aq_name_fits("*.example.com", "a.example.com"));
    assert_false(aq_name_fits("*.example.com", "example.com"));
    assert_false(aq_name_fits("*.example.com", ".example.com"));
    assert_false(aq_name_fits("*.example.com", "badexample.com"));
}

/* --- streams --- */

static struct aq_streams streams;

static struct aq_packet segment(const struct frame *frame)
{
    struct aq_packet packet;
    assert_int_equal(aq_packet_parse(frame->bytes, frame->length, &packet), AQ_FAULT_NONE);
    return packet;
}

static struct frame tcp_at(bool of_guest, unsigned port, unsigned flags, unsigned sequence,
                           unsigned acknowledged)
{
    struct frame frame = of_guest ? tcp_frame(GUEST_IP, 80, "10.0.2.2", port, flags)
                                  : tcp_frame("10.0.2.2", port, GUEST_IP, 80, flags);
    put16(transport_of(&frame) + 4, 0);
    put16(transport_of(&frame) + 6, sequence);
    put16(transport_of(&frame) + 8, 0);
    put16(transport_of(&frame) + 10, acknowledged);
    seal(&frame);
    return frame;
}

static void guest_says(unsigned port, unsigned flags, unsigned sequence, unsigned acknowledged)
{
    struct frame frame = tcp_at(true, port, flags, sequence, acknowledged);
    struct aq_packet packet = segment(&frame);
    assert_true(aq_streams_may_pass(&streams, &packet, 1));
}

static void libslirp_says(unsigned port, unsigned flags, unsigned sequence, unsigned acknowledged)
{
    struct frame frame = tcp_at(false, port, flags, sequence, acknowledged);
    struct aq_packet packet = segment(&frame);
    aq_streams_learn(&streams, &packet, 1);
}

/* A client of a forwarded port, which ends first. */
static void converse(unsigned port, unsigned end)
{
    libslirp_says(port, SYN, 100, 0);
    guest_says(port, SYN | ACK, end - 11, 101);
    libslirp_says(port, ACK, 101, end - 10);
    libslirp_says(port, FIN | ACK, 101, end - 10);
    guest_says(port, ACK, end - 10, 102);
    guest_says(port, FIN | ACK, end - 1, 102);
    libslirp_says(port, ACK, 102, end);
}

static void streams_that_are_over_wait_their_turn(void **state)
{
    (void)state;
    struct aq_stream_over over;
    memset(&streams, 0, sizeof streams);
    streams.flows.seed = 1;
    assert_false(aq_streams_take_over(&streams, &over));
    converse(1000, 300);
    converse(1001, 400);
    converse(1002, 500);
    converse(1000, 600); /* the ports are used again, and it is over again */
    libslirp_says(1001, SYN, 9000, 0);
    guest_says(1001, SYN | ACK, 7000, 9001);
    libslirp_says(1001, ACK, 9001, 7001); /* used again, and open: nothing of the old one counts */
    guest_says(1001, FIN | ACK, 7001, 9001);
    libslirp_says(1001, ACK, 9001, 7002);
    assert_true(aq_streams_take_over(&streams, &over));
    assert_int_equal(over.flow.peer_port, 1002);
    assert_int_equal(over.sequence, 500);
    assert_true(aq_streams_take_over(&streams, &over));
    assert_int_equal(over.flow.peer_port, 1000);
    assert_int_equal(over.sequence, 600);
    assert_false(aq_streams_take_over(&streams, &over));
    for (unsigned i = 0; i < AQ_STREAMS_OVER_MAX + 10; i++)
        converse(2000 + i, 300);
    assert_true(aq_streams_take_over(&streams, &over));
    assert_int_equal(over.flow.peer_port, 2010);
}

static bool guest_may_send(unsigned sequence)
{
    struct frame frame =
        tcp_at(true, 1000, FIN | ACK, sequence, 101); /* an end takes a place, as a byte does */
    struct aq_packet packet = segment(&frame);
    return aq_streams_may_pass(&streams, &packet, 1);
}

/* What comes out of order costs libslirp much, until it has what was before it. */
static void few_segments_may_be_out_of_order(void **state)
{
    (void)state;
    memset(&streams, 0, sizeof streams);
    libslirp_says(1000, SYN | ACK, 100, 201);
    for (unsigned i = 0; i < AQ_STREAM_AHEAD_MAX; i++)
        assert_true(guest_may_send(1000 + 10 * i));
    assert_false(guest_may_send(2000));
    assert_true(guest_may_send(201)); /* what is wanted next always may */
    libslirp_says(1000, ACK, 101, 202);
    assert_false(guest_may_send(2000)); /* it still has them all */
    libslirp_says(1000, ACK, 101, 1011);
    assert_true(guest_may_send(2000));
    assert_true(guest_may_send(2010));
    assert_false(guest_may_send(2020));
}

static void drops_are_counted_and_few_are_logged(void **state)
{
    (void)state;
    static struct aq_drops drops;
    drops = (struct aq_drops){0};
    struct aq_packet packet = {
        .ethertype = AQ_ETHERTYPE_IP4, .protocol = 6, .target = AQ_IP4(198, 51, 100, 1)};
    unsigned logged = 0;
    for (unsigned i = 0; i < 1000; i++) {
        packet.target_port = (uint16_t)(i % 200);
        logged += aq_drops_count(&drops, AQ_FAULT_RULE, &packet, NULL, 1000);
    }
    assert_int_equal(logged, 5);
    assert_int_equal(drops.total, 1000);
    assert_int_equal(drops.log_held, 995);
    assert_int_equal(drops.count, AQ_DROP_ROWS);
    assert_true(aq_drops_count(&drops, AQ_FAULT_RULE, &packet, NULL, 2000));   /* the next second */
    assert_false(aq_drops_count(&drops, AQ_FAULT_GROUP, &packet, NULL, 5000)); /* every system's noise */
    drops = (struct aq_drops){0};
    for (unsigned i = 0; i < 7; i++)
        aq_drops_count(&drops, AQ_FAULT_DNS, &packet, "evil.example", 1000 + i);
    assert_int_equal(drops.count, 1);
    assert_int_equal(drops.rows[0].count, 7);
    assert_int_equal(drops.rows[0].first_ms, 1000);
    assert_int_equal(drops.rows[0].last_ms, 1006);
}

/* --- the cable --- */

static struct aq_link link_;

static int open_cable(int *far)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    memset(&link_, 0, sizeof link_);
    link_.fd = ends[0];
    *far = ends[1];
    return ends[0];
}

static struct frame ack(unsigned port, unsigned acknowledged)
{
    struct frame frame = tcp_frame("198.51.100.1", 80, GUEST_IP, port, ACK);
    put16(transport_of(&frame) + 10, acknowledged);
    seal(&frame);
    return frame;
}

static void send_frame(struct frame frame)
{
    aq_link_send(&link_, frame.bytes, frame.length);
}

static void acknowledgements_overtake_each_other(void **state)
{
    (void)state;
    int far;
    aq_autoclose int near = open_cable(&far);
    unsigned char bytes[100];
    send_frame(ack(1, 100));
    send_frame(ack(1, 200));
    send_frame(ack(1, 300));
    send_frame(ack(1, 300)); /* said twice: something was lost */
    send_frame(ack(2, 400)); /* another connection */
    send_frame(ack(1, 500));
    send_frame(tcp_frame("198.51.100.1", 80, GUEST_IP, 1, SYN | ACK));
    send_frame(ack(1, 600));
    assert_int_equal(link_.count, 6);
    aq_link_flush(&link_);
    static const unsigned expected[] = {300, 300, 400, 500, 0, 600};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(recv(far, bytes, sizeof bytes, 0), 54);
        assert_int_equal(get16(bytes + 44), expected[i]);
    }
    assert_int_equal(recv(far, bytes, sizeof bytes, 0), -1);
    close(far);
}

static void a_full_cable_keeps_what_it_can(void **state)
{
    (void)state;
    int far;
    aq_autoclose int near = open_cable(&far);
    static unsigned char bytes[60000];
    unsigned sent = 0, taken = 0;
    while (!aq_link_is_full(&link_)) {
        memset(bytes, (int)(sent & 0xff), sizeof bytes);
        aq_link_send(&link_, bytes, sizeof bytes);
        sent++;
        aq_link_flush(&link_);
    }
    for (unsigned i = 0; i < 100; i++)
        aq_link_send(&link_, bytes, sizeof bytes);
    assert_true(link_.lost > 0 && link_.lost < 100);
    sent += 100 - (unsigned)link_.lost;
    assert_false(link_.ended);
    for (ssize_t got; taken < sent; taken++) { /* all else comes, in its order */
        aq_link_flush(&link_);
        got = recv(far, bytes, sizeof bytes, 0);
        assert_int_equal(got, sizeof bytes);
        if (taken + 120 < sent)
            assert_int_equal(bytes[0], taken & 0xff);
    }
    assert_int_equal(link_.used, 0);
    assert_false(aq_link_is_full(&link_));
    close(far);
}

static void an_empty_frame_is_not_the_end(void **state)
{
    (void)state;
    int far;
    aq_autoclose int near = open_cable(&far);
    size_t lengths[AQ_LINK_BATCH];
    assert_int_equal(aq_link_receive(&link_, lengths), 0);
    assert_false(link_.ended);
    assert_int_equal(send(far, "", 0, 0), 0);
    assert_int_equal(send(far, "abc", 3, 0), 3);
    assert_int_equal(aq_link_receive(&link_, lengths), 2);
    assert_int_equal(lengths[0], 0);
    assert_int_equal(lengths[1], 3);
    assert_false(link_.ended);
    assert_int_equal(send(far, "last", 4, 0), 4);
    close(far);
    assert_int_equal(aq_link_receive(&link_, lengths), 1);
    assert_int_equal(lengths[0], 4);
    assert_int_equal(aq_link_receive(&link_, lengths), 0);
    assert_true(link_.ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_are_remembered_while_there_is_room),
        cmocka_unit_test(names_make_room_for_later_ones),
        cmocka_unit_test(streams_that_are_over_wait_their_turn),
        cmocka_unit_test(few_segments_may_be_out_of_order),
        cmocka_unit_test(drops_are_counted_and_few_are_logged),
        cmocka_unit_test(acknowledgements_overtake_each_other),
        cmocka_unit_test(a_full_cable_keeps_what_it_can),
        cmocka_unit_test(an_empty_frame_is_not_the_end),
    };
    return cmocka_run_group_tests_name("gateway/tables", tests, NULL, NULL);
}
