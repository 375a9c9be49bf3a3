/* SPDX-License-Identifier: MIT */
/* What the gateway says itself: refusals, leases, the router's advertisement, names. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "gateway/advert.h"
#include "gateway/build.h"
#include "gateway/dhcp.h"
#include "gateway/dns.h"

static struct aq_packet packet;

static void parse(const struct frame *frame)
{
    assert_int_equal(aq_packet_parse(frame->bytes, frame->length, &packet), AQ_FAULT_NONE);
}

/* A frame of ours, sound in every checksum, from the host's card to the guest's. */
static struct frame sound(const unsigned char *bytes, size_t length)
{
    struct frame frame = {.length = length};
    assert_true(length > 14 && length <= sizeof frame.bytes);
    memcpy(frame.bytes, bytes, length);
    assert_memory_equal(bytes, GUEST_MAC HOST_MAC, 12);
    if (bytes[12] == 0x08)
        assert_int_equal(~sum16(bytes + 14, 20, NULL, 0) & 0xffff, 0);
    if (bytes[23] == IPPROTO_ICMP && bytes[12] == 0x08)
        assert_int_equal(~sum16(bytes + 34, length - 34, NULL, 0) & 0xffff, 0);
    else
        assert_int_equal(transport_sum(&frame), 0);
    return frame;
}

static void tcp_is_refused_with_a_reset(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{GUEST_IP, "198.51.100.1"}, {GUEST_IP6, "2001:db8::1"}};
    unsigned char bytes[AQ_BUILD_MAX];
    for (size_t i = 0; i < 2; i++) {
        struct frame syn = tcp_frame(pairs[i][0], 40000, pairs[i][1], 80, SYN);
        parse(&syn);
        struct frame reset = sound(bytes, aq_build_refusal(bytes, &packet));
        const unsigned char *tcp = transport_of(&reset);
        assert_int_equal(get16(tcp), 80);
        assert_int_equal(get16(tcp + 2), 40000);
        assert_int_equal(tcp[13], RST | ACK);
        assert_int_equal(get16(tcp + 10), 1001); /* it acknowledges the SYN, so that the guest believes it */
        struct frame later = tcp_frame(pairs[i][0], 40000, pairs[i][1], 80, ACK);
        put16(transport_of(&later) + 10, 777);
        seal(&later);
        parse(&later);
        reset = sound(bytes, aq_build_refusal(bytes, &packet));
        assert_int_equal(transport_of(&reset)[13], RST);
        assert_int_equal(get16(transport_of(&reset) + 6), 777);
        struct frame own = tcp_frame(pairs[i][0], 40000, pairs[i][1], 80, RST);
        parse(&own);
        assert_int_equal(aq_build_refusal(bytes, &packet), 0); /* a reset is never answered */
    }
}

static void udp_is_refused_with_an_error(void **state)
{
    (void)state;
    unsigned char bytes[AQ_BUILD_MAX];
    struct frame four = udp_frame(GUEST_IP, 40000, "198.51.100.1", 80, "data", 4);
    parse(&four);
    struct frame error = sound(bytes, aq_build_refusal(bytes, &packet));
    assert_int_equal(error.bytes[34], 3);
    assert_int_equal(error.bytes[35], 13);
    assert_memory_equal(error.bytes + 42, four.bytes + 14, 28); /* it quotes what it is about */
    struct frame six = udp_frame(GUEST_IP6, 40000, "2001:db8::1", 80, "data", 4);
    parse(&six);
    error = sound(bytes, aq_build_refusal(bytes, &packet));
    assert_int_equal(error.bytes[54], 1);
    assert_int_equal(error.bytes[55], 1);
    struct frame echo = icmp_frame(GUEST_IP, "198.51.100.1", 8);
    parse(&echo);
    assert_int_equal(aq_build_refusal(bytes, &packet), 0);
}

static void a_long_answer_is_sound(void **state)
{
    (void)state;
    static unsigned char bytes[AQ_FRAME_MAX], payload[60000];
    unsigned char mac[6];
    memcpy(mac, GUEST_MAC, 6);
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (unsigned char)(i * 7);
    struct aq_endpoint from = {AQ_NET4_NAMESERVER, 53}, to = {AQ_NET4_GUEST, 40000};
    for (size_t length = 0; length < sizeof payload; length = length * 2 + 1)
        sound(bytes, aq_build_udp(bytes, mac, &from, &to, payload, length));
    from.ip = AQ_NET6_NAMESERVER;
    aq_ip_parse(GUEST_IP6, &to.ip);
    sound(bytes, aq_build_udp(bytes, mac, &from, &to, payload, sizeof payload));
}

/* A client's message; `options` end themselves. */
static struct frame dhcp_frame(const void *options, size_t length)
{
    unsigned char message[300] = {1, 1, 6, 0, 1, 2, 3, 4};
    memcpy(message + 28, GUEST_MAC, 6);
    memcpy(message + 236, "\x63\x82\x53\x63", 4);
    memcpy(message + 240, options, length);
    return udp_frame("0.0.0.0", 68, "255.255.255.255", 67, message, sizeof message);
}

static const struct aq_dhcp dhcp = {
    .card = {.mac = {0x52, 0x54, 0, 0xaa, 0xbb, 0xcc}, .address = {{[10] = 0xff, 0xff, 10, 0, 2, 15}}},
    .hostname = "web",
    .domain = "backend.internal"};
static unsigned char answer[AQ_DHCP_MAX];
static enum aq_dhcp_step step;

static size_t ask_dhcp(const void *options, size_t length)
{
    struct frame frame = dhcp_frame(options, length);
    parse(&frame);
    return aq_dhcp_answer(&dhcp, &packet, answer, &step);
}

/* The value of an option of the answer; NULL. */
static const unsigned char *option(unsigned wanted, unsigned length)
{
    for (const unsigned char *at = answer + 42 + 240; *at != 255; at += 2 + at[1])
        if (*at == wanted) {
            assert_int_equal(at[1], length);
            return at + 2;
        }
    return NULL;
}

static void the_guest_gets_its_lease(void **state)
{
    (void)state;
    sound(answer, ask_dhcp("\x35\x01\x01\xff", 4));
    assert_int_equal(step, AQ_DHCP_BEGINS);
    assert_int_equal(*option(53, 1), 2);
    assert_memory_equal(answer + 42 + 4, "\x01\x02\x03\x04", 4);
    assert_memory_equal(answer + 42 + 16, "\x0a\x00\x02\x0f", 4);
    assert_memory_equal(option(1, 4), "\xff\xff\xff\x00", 4);
    assert_memory_equal(option(3, 4), "\x0a\x00\x02\x02", 4);
    assert_memory_equal(option(6, 4), "\x0a\x00\x02\x03", 4);
    assert_memory_equal(option(12, 3), "web", 3);
    assert_memory_equal(option(15, 16), "backend.internal", 16);
    assert_memory_equal(option(119, 18),
                        "\x07"
                        "backend\x08internal",
                        18);
    sound(answer, ask_dhcp("\x35\x01\x03\x32\x04\x0a\x00\x02\x0f\xff", 10));
    assert_int_equal(*option(53, 1), 5);
    assert_int_equal(step, AQ_DHCP_LEASED);
    sound(answer, ask_dhcp("\x35\x01\x03\x32\x04\x0a\x00\x02\x10\xff", 10)); /* another's address */
    assert_int_equal(*option(53, 1), 6);
    assert_null(option(1, 4));
}

static void what_is_no_question_for_a_lease_is_not_answered(void **state)
{
    (void)state;
    assert_int_equal(ask_dhcp("\x35\x01\x07\xff", 4), 0); /* a release */
    assert_int_equal(ask_dhcp("\x35\x00\xff", 3), 0);
    assert_int_equal(ask_dhcp("\xff", 1), 0);
    assert_int_equal(ask_dhcp("\x35\xff\x01", 3), 0);        /* longer than the message */
    static const size_t spoil[] = {42, 43, 44, 70, 75, 278}; /* op, type, length, MAC, MAC, cookie */
    for (size_t i = 0; i < sizeof spoil / sizeof *spoil; i++) {
        struct frame frame = dhcp_frame("\x35\x01\x01\xff", 4);
        frame.bytes[spoil[i]] ^= 0x40;
        parse(&frame);
        assert_int_equal(aq_dhcp_answer(&dhcp, &packet, answer, &step), 0);
    }
    unsigned seed = 5;
    for (int round = 0; round < 20000; round++) {
        unsigned char options[60];
        for (size_t i = 0; i < sizeof options; i++) {
            seed = seed * 1103515245 + 12345;
            options[i] = (unsigned char)(seed >> 16);
        }
        memcpy(options, "\x35\x01\x03", 3);
        size_t length = ask_dhcp(options, sizeof options);
        assert_true(length <= sizeof answer);
    }
}

static void the_router_is_advertised(void **state)
{
    (void)state;
    unsigned char bytes[AQ_BUILD_MAX];
    struct frame advert = sound(bytes, aq_advert_build(&dhcp.card, bytes));
    assert_int_equal(advert.bytes[21], 255);
    assert_int_equal(advert.bytes[54], 134);
}

/* --- names --- */

static const unsigned char question_bytes[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                              "\x02"
                                              "dB\x07"
                                              "eXample\x03"
                                              "com\x00\x00\x01\x00\x01";
enum { QUESTION_LENGTH = sizeof question_bytes - 1 };

static void a_question_is_read_and_written(void **state)
{
    (void)state;
    struct aq_dns_question question;
    assert_true(aq_dns_parse_question(question_bytes, QUESTION_LENGTH, &question));
    assert_string_equal(question.name, "db.example.com");
    assert_int_equal(question.id, 0x1234);
    assert_int_equal(question.type, AQ_DNS_A);
    unsigned char sent[AQ_DNS_HEADER + AQ_DNS_QUESTION_MAX];
    assert_int_equal(aq_dns_build_question(sent, 0xabcd, &question), QUESTION_LENGTH);
    assert_memory_equal(sent + 12,
                        "\x02"
                        "db\x07"
                        "example\x03"
                        "com",
                        15); /* no message in its letters' case */
    struct aq_dns_question made;
    aq_dns_make_question("db.example.com", AQ_DNS_AAAA, &made);
    assert_int_equal(aq_dns_build_question(sent, 1, &made), QUESTION_LENGTH);
    assert_true(aq_dns_parse_question(sent, QUESTION_LENGTH, &question));
    assert_string_equal(question.name, "db.example.com");
    assert_int_equal(question.type, AQ_DNS_AAAA);

    for (size_t length = 0; length < QUESTION_LENGTH; length++)
        assert_false(aq_dns_parse_question(question_bytes, length, &question));
    static const struct {
        size_t at;
        unsigned char value;
    } changes[] = {{2, 0x81}, {2, 0x29}, {5, 0}, {5, 2}, {12, 0x40}, {12, 0xc0}, {30, 3}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        unsigned char spoilt[QUESTION_LENGTH];
        memcpy(spoilt, question_bytes, QUESTION_LENGTH);
        spoilt[changes[i].at] = changes[i].value;
        if (aq_dns_parse_question(spoilt, QUESTION_LENGTH, &question) &&
            strcmp(question.name, "db.example.com") == 0 && changes[i].at != 30)
            fail_msg("byte %zu to %02x is still a question", changes[i].at, changes[i].value);
    }
    /* A dot or a NUL within a label is not what separates labels. */
    unsigned char sly[QUESTION_LENGTH];
    memcpy(sly, question_bytes, QUESTION_LENGTH);
    sly[14] = '.';
    assert_true(aq_dns_parse_question(sly, QUESTION_LENGTH, &question));
    assert_string_equal(question.name, "d?.example.com");
}

static void answers_are_read_and_written(void **state)
{
    (void)state;
    struct aq_dns_question question;
    struct aq_dns_answer read, none = {.code = AQ_DNS_REFUSED};
    unsigned char bytes[AQ_DNS_ANSWER_MAX];
    assert_true(aq_dns_parse_question(question_bytes, QUESTION_LENGTH, &question));
    struct aq_dns_answer made = {.seconds = 60, .count = 3};
    aq_ip_parse("198.51.100.1", &made.addresses[0]);
    aq_ip_parse("2001:db8::1", &made.addresses[1]);
    aq_ip_parse("198.51.100.2", &made.addresses[2]);
    size_t length = aq_dns_build_answer(bytes, &question, &made);
    assert_true(aq_dns_parse_answer(bytes, length, 0x1234, &question, &read));
    assert_int_equal(read.count, 2); /* those of the type that was asked for */
    assert_true(aq_ip_equal(&read.addresses[1], &made.addresses[2]));
    assert_int_equal(read.seconds, 60);
    assert_false(aq_dns_parse_answer(bytes, length, 0x1235, &question, &read));
    bytes[14] ^= 2; /* another name */
    assert_false(aq_dns_parse_answer(bytes, length, 0x1234, &question, &read));
    length = aq_dns_build_answer(bytes, &question, &none);
    assert_int_equal(length, QUESTION_LENGTH);
    assert_int_equal(bytes[3] & 15, 5);

    made.count = AQ_DNS_ADDRESSES_MAX;
    for (unsigned i = 0; i < made.count; i++)
        made.addresses[i] = AQ_IP4(198, 51, 100, i);
    length = aq_dns_build_answer(bytes, &question, &made);
    for (size_t cut = 0; cut < length; cut++) /* cut anywhere, whatever is whole is read and nothing beyond */
        aq_dns_parse_answer(bytes, cut, 0x1234, &question, &read);
    unsigned seed = 3;
    for (int round = 0; round < 50000; round++) {
        unsigned char spoilt[AQ_DNS_ANSWER_MAX];
        memcpy(spoilt, bytes, length);
        for (int i = 0; i < 4; i++) {
            seed = seed * 1103515245 + 12345;
            spoilt[(seed >> 8) % length] = (unsigned char)(seed >> 24);
        }
        aq_autofree unsigned char *exact = aq_alloc(length); /* so that a sanitizer sees the end */
        memcpy(exact, spoilt, length);
        if (aq_dns_parse_answer(exact, length, 0x1234, &question, &read))
            assert_true(read.count <= AQ_DNS_ADDRESSES_MAX);
        aq_dns_parse_question(exact, length, &question);
        assert_true(aq_dns_parse_question(question_bytes, QUESTION_LENGTH, &question));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_is_refused_with_a_reset),
        cmocka_unit_test(udp_is_refused_with_an_error),
        cmocka_unit_test(a_long_answer_is_sound),
        cmocka_unit_test(the_guest_gets_its_lease),
        cmocka_unit_test(what_is_no_question_for_a_lease_is_not_answered),
        cmocka_unit_test(the_router_is_advertised),
        cmocka_unit_test(a_question_is_read_and_written),
        cmocka_unit_test(answers_are_read_and_written),
    };
    return cmocka_run_group_tests_name("gateway/answers", tests, NULL, NULL);
}
