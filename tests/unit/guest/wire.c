/* SPDX-License-Identifier: MIT */
/* Frames, checksums and encodings. */
#include <string.h>

#include "guest/cksum.h"
#include "guest/wire.h"
#include "test.h"
#include "util/base64.h"

static struct aq_wire_parser parser;
static unsigned char space[400000];

static void feed(const unsigned char *bytes, size_t length)
{
    size_t room;
    unsigned char *to = aq_wire_room(&parser, &room);
    assert_true(room >= length);
    memcpy(to, bytes, length);
    parser.end += length;
}

static struct aq_wire_queue make_queue(void)
{
    parser = (struct aq_wire_parser){0};
    return (struct aq_wire_queue){.bytes = space, .size = sizeof space};
}

/* Check values that the literature gives. */
static void sums_and_codes_are_the_standard_ones(void **state)
{
    struct aq_cksum sum = {0};
    aq_autobuffer struct aq_buffer text = {0};
    aq_autobuffer struct aq_buffer back = {0};
    (void)state;
    assert_int_equal(aq_crc32(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(aq_crc32(aq_crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    aq_cksum_add(&sum, "123456789", 9);
    assert_int_equal(aq_cksum_value(&sum), 930766865);
    aq_base64_encode("foobar", 6, &text);
    aq_base64_encode("foob", 4, &text);
    aq_base64_encode("fooba", 5, &text);
    assert_string_equal(aq_buffer_text(&text), "Zm9vYmFyZm9vYg==Zm9vYmE=");
    assert_true(aq_base64_decode("Zm9vYg==", 8, &back) && aq_base64_decode("Zm9vYmE=", 8, &back));
    assert_string_equal(aq_buffer_text(&back), "foobfooba");
}

static void base64_refuses_what_is_none(void **state)
{
    static const char *const bad[] = {
        "A", "AAA", "====", "A===", "AA=A", "AA\nA", "AAAA=", "\xFF\xFF\xFF\xFF"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        aq_autobuffer struct aq_buffer back = {0};
        assert_false(aq_base64_decode(bad[i], strlen(bad[i]), &back));
        assert_int_equal(back.length, 0);
    }
}

static void a_frame_arrives_in_any_pieces(void **state)
{
    struct aq_frame frame;
    struct aq_wire_queue queue = make_queue();
    (void)state;
    aq_wire_send(&queue, AQ_WIRE_STDOUT, 0, 300, "some bytes", 10);
    aq_wire_send(&queue, AQ_WIRE_STDIN, AQ_WIRE_MORE, 301, NULL, 0);
    for (size_t i = 0; i < AQ_WIRE_HEADER + 9; i++) {
        feed(space + i, 1);
        assert_int_equal(aq_wire_next(&parser, &frame), 0);
    }
    feed(space + AQ_WIRE_HEADER + 9, queue.end - AQ_WIRE_HEADER - 9);
    assert_int_equal(aq_wire_next(&parser, &frame), 1);
    assert_int_equal(frame.type, AQ_WIRE_STDOUT);
    assert_int_equal(frame.channel, 300);
    assert_memory_equal(frame.payload, "some bytes", 10);
    assert_int_equal(aq_wire_next(&parser, &frame), 1);
    assert_int_equal(frame.flags, AQ_WIRE_MORE);
    assert_int_equal(frame.length, 0);
    assert_int_equal(aq_wire_next(&parser, &frame), 0);
}

/* Whatever bit of a frame is turned, no frame comes of it. */
static void any_damaged_bit_is_noticed(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 8 * (AQ_WIRE_HEADER + 10); bit++) {
        struct aq_frame frame;
        struct aq_wire_queue queue = make_queue();
        aq_wire_send(&queue, AQ_WIRE_STDOUT, 0, 3, "some bytes", 10);
        space[bit / 8] ^= (unsigned char)(1 << bit % 8);
        feed(space, queue.end);
        assert_int_equal(aq_wire_next(&parser, &frame), -1);
        assert_true(parser.hunting);
    }
}

/* However much of the longest frame is missing, a padded HELLO is found behind it. */
static void a_padded_hello_is_found_behind_half_a_frame(void **state)
{
    static unsigned char payload[AQ_WIRE_PAYLOAD_MAX];
    (void)state;
    for (size_t cut = 1; cut < AQ_WIRE_HEADER + sizeof payload; cut += 997) {
        struct aq_frame frame;
        struct aq_wire_queue queue = make_queue();
        memset(payload, 'A', sizeof payload);
        aq_wire_send(&queue, AQ_WIRE_DATA, 0, 3, payload, sizeof payload);
        feed(space, cut);
        queue.start = queue.end = 0;
        aq_wire_send_padding(&queue);
        aq_wire_send(&queue, AQ_WIRE_HELLO, 0, 0, "0123456789ab", 12);
        int taken = 0;
        for (size_t done = 0; done < queue.end; done += 4096) {
            feed(space + done, queue.end - done < 4096 ? queue.end - done : 4096);
            while ((taken = aq_wire_next(&parser, &frame)) < 0)
                ;
        }
        assert_int_equal(taken, 1);
        assert_int_equal(frame.type, AQ_WIRE_HELLO);
    }
}

static void only_greetings_are_heard_without_a_session(void **state)
{
    struct aq_frame frame;
    struct aq_wire_queue queue = make_queue();
    (void)state;
    parser.hunting = true;
    aq_wire_send(&queue, AQ_WIRE_EXEC, 0, 3, "AQAQAQ", 6);
    aq_wire_send(&queue, AQ_WIRE_HELLO, 0, 0, "0123456789ab", 12);
    feed(space, queue.end);
    assert_int_equal(aq_wire_next(&parser, &frame), 1);
    assert_int_equal(frame.type, AQ_WIRE_HELLO);
    assert_false(parser.hunting);
}

static void a_full_queue_takes_nothing_more(void **state)
{
    struct aq_wire_queue queue = make_queue();
    (void)state;
    queue.size = 40;
    assert_true(aq_wire_send(&queue, AQ_WIRE_STDIN, 0, 1, "12345678", 8));
    assert_false(aq_wire_send(&queue, AQ_WIRE_STDIN, 0, 1, "1", 1));
    assert_null(aq_wire_reserve(&queue, 1));
    assert_false(aq_wire_send_padding(&queue));
    queue.start = 24; /* as if it had been sent: the room in front is used again */
    assert_true(aq_wire_send(&queue, AQ_WIRE_STDIN, 0, 1, "123456789012345678901234", 24));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_codes_are_the_standard_ones),
        cmocka_unit_test(base64_refuses_what_is_none),
        cmocka_unit_test(a_frame_arrives_in_any_pieces),
        cmocka_unit_test(any_damaged_bit_is_noticed),
        cmocka_unit_test(a_padded_hello_is_found_behind_half_a_frame),
        cmocka_unit_test(only_greetings_are_heard_without_a_session),
        cmocka_unit_test(a_full_queue_takes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
