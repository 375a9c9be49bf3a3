/* SPDX-License-Identifier: MIT */
/* Names behind the companion: which are answered and learned, by a nameserver of the host. */
#include "test.h"

#include "gateway.h"
#include "gateway/resolver.h"

/* The host's nameserver, which answers a question for addresses. */
static void serve_name(int server, unsigned char last)
{
    unsigned char bytes[512];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    assert_true(contacted(server, SOON));
    ssize_t length = recvfrom(server, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &size);
    assert_true(length > 16);
    put16(bytes + 2, 0x8180);
    if (bytes[length - 3] == 1) { /* type A */
        const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, last};
        put16(bytes + 6, 1);
        memcpy(bytes + length, record, sizeof record);
        length += (ssize_t)sizeof record;
    }
    assert_int_equal(sendto(server, bytes, (size_t)length, 0, (struct sockaddr *)&peer, size), length);
}

static bool known(const struct gateway *gateway, const char *line)
{
    aq_autostrings struct aq_strings rows = {0};
    assert_ok(aq_companion_call(gateway->control, -1, &rows, aq_after_ms(HANG), &err, "names"));
    return aq_strings_has(&rows, line);
}

static void only_names_in_the_rules_are_answered(void **state)
{
    (void)state;
    unsigned port;
    struct frame frame;
    aq_autoclose int server = listen_at("127.0.0.1", SOCK_DGRAM, &port);
    struct gateway gateway = start_gateway("none");
    tell(&gateway, -1, "nameservers 127.0.0.1#%u", port);
    tell(&gateway, -1, "rules db.example.com:5432, *.example.org:443");
    serve_name(server, 1); /* it asks by itself, for both families */
    serve_name(server, 1);
    for (int i = 0; i < 100 && !known(&gateway, "db.example.com 198.51.100.1"); i++)
        usleep(10000);
    assert_true(known(&gateway, "db.example.com 198.51.100.1"));

    send_frame(&gateway, question_for("DB.example.com", 7, 1));
    serve_name(server, 2);
    assert_true(next_from(&gateway, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    const unsigned char *message = transport_of(&frame) + 8;
    assert_int_equal(get16(message), 7);
    assert_int_equal(get16(message + 6), 1);
    assert_memory_equal(message + 13, "DB", 2); /* as it was asked */
    assert_memory_equal(frame.bytes + frame.length - 4, "\xc6\x33\x64\x02", 4);
    assert_true(known(&gateway, "db.example.com 198.51.100.2"));

    send_frame(&gateway, question_for("db.example.com", 8, 16)); /* a text, which could carry a message out */
    assert_true(next_from(&gateway, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    assert_int_equal(transport_of(&frame)[8 + 3] & 15, 0);
    send_frame(&gateway, question_for("secret.evil.example", 9, 1));
    assert_true(next_from(&gateway, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    assert_int_equal(transport_of(&frame)[8 + 3] & 15, 5);
    assert_false(contacted(server, NEVER));
    assert_int_equal(drops_of(&gateway, "dns"), 1);
    send_frame(&gateway, question_for("www.example.org", 10, 1));
    serve_name(server, 3);
    assert_true(next_from(&gateway, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    assert_true(known(&gateway, "www.example.org 198.51.100.3"));

    tell(&gateway, -1, "hosts db.example.com 203.0.113.5");
    send_frame(&gateway, question_for("db.example.com", 11, 1));
    assert_true(next_from(&gateway, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    assert_memory_equal(frame.bytes + frame.length - 4, "\xcb\x00\x71\x05", 4);
    end_gateway(&gateway);
}

/* Names that are denied have to be known, however many they are and whatever the guest asks for meanwhile. */
static void every_name_of_the_rules_is_learned(void **state)
{
    (void)state;
    enum { NAMES = 30 };
    unsigned port;
    aq_autoclose int server = listen_at("127.0.0.1", SOCK_DGRAM, &port);
    struct gateway gateway = start_gateway("443");
    aq_autobuffer struct aq_buffer list = {0};
    for (int i = 0; i < NAMES; i++)
        aq_buffer_format(&list, ", !n%d.example:any", i);
    tell(&gateway, -1, "nameservers 127.0.0.1#%u", port);
    for (unsigned i = 0; i < AQ_QUESTIONS_MAX; i++)
        send_frame(&gateway, question_for("anything.example", i, 1));
    for (unsigned i = 0; i < AQ_QUESTIONS_MAX - AQ_QUESTIONS_OWN; i++) {
        char bytes[512];
        assert_true(contacted(server, SOON));
        assert_true(recv(server, bytes, sizeof bytes, 0) > 0); /* which is never answered */
    }
    tell(&gateway, -1, "rules any%s", aq_buffer_text(&list));
    aq_autofree char *last = aq_format("n%d.example 198.51.100.1", NAMES - 1);
    for (int i = 0; i < 1000 && !known(&gateway, last); i++)
        if (contacted(server, 20))
            serve_name(server, 1);
    assert_true(known(&gateway, last));
    assert_true(known(&gateway, "n0.example 198.51.100.1"));
    end_gateway(&gateway);
}

static void any_name_is_asked_for_where_any_address_is_allowed(void **state)
{
    (void)state;
    unsigned port, dead_port;
    struct frame frame;
    aq_autoclose int server = listen_at("127.0.0.1", SOCK_DGRAM, &port);
    aq_autoclose int dead = listen_at("127.0.0.1", SOCK_DGRAM, &dead_port); /* which never answers */
    struct gateway gateway = start_gateway("443");
    tell(&gateway, -1, "nameservers 127.0.0.1#%u 127.0.0.1#%u", dead_port, port);
    send_frame(&gateway, question_for("anything.example", 7, 16));
    serve_name(server, 0); /* after the first was given its time */
    assert_true(next_from(&gateway, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    assert_int_equal(get16(transport_of(&frame) + 8), 7);
    assert_true(contacted(dead, 0));
    char bytes[512];
    while (recv(dead, bytes, sizeof bytes, 0) > 0)
        ;
    send_frame(&gateway, question_for("anything.example", 8, 1));
    serve_name(server, 0); /* the one that answers is asked first now */
    assert_true(next_from(&gateway, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    assert_false(contacted(dead, 0));
    end_gateway(&gateway);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_names_in_the_rules_are_answered),
        cmocka_unit_test(every_name_of_the_rules_is_learned),
        cmocka_unit_test(any_name_is_asked_for_where_any_address_is_allowed),
    };
    return cmocka_run_group_tests_name("companion/names", tests, NULL, NULL);
}
