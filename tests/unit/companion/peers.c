/* SPDX-License-Identifier: MIT */
/* A private network: two companions with a cable between them, and one cable more that we hold in the place
   of a gateway that lies. */
#include "test.h"

#include <errno.h>

#include "gateway.h"
#include "gateway/peers.h"

#define OTHER_IP "10.0.2.16"
#define LIAR_IP "10.0.2.17"

static struct gateway one, other;
static int liar; /* our end of a cable to the first */

static struct gateway start_member(const char *name, const char *address)
{
    aq_autofree char *program = aq_format("%s/libexec/address-qemu/companion", getenv("BUILD_DIR"));
    struct gateway gateway = start_program_at(program, address);
    tell(&gateway, -1, "lease %s blue.internal", name);
    return gateway;
}

static void pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

static int fresh(void **state)
{
    (void)state;
    int cable[2], lie[2];
    pair(cable);
    pair(lie);
    one = start_member("One", GUEST_IP);
    other = start_member("other", OTHER_IP);
    tell(&one, cable[0], "peer other " OTHER_IP);
    tell(&other, cable[1], "peer One " GUEST_IP);
    tell(&one, lie[0], "peer liar " LIAR_IP);
    close(cable[0]);
    close(cable[1]);
    close(lie[0]);
    liar = lie[1];
    tell(&one, -1, "rules any");
    tell(&other, -1, "rules none");
    tell(&one, -1, "start");
    tell(&other, -1, "start");
    return 0;
}

static int ended(void **state)
{
    (void)state;
    if (liar >= 0)
        close(liar);
    end_gateway(&one);
    end_gateway(&other);
    return 0;
}

static void what_a_guest_sends_comes_from_its_card_there(void **state)
{
    (void)state;
    struct frame frame;
    send_frame(&one, arp_frame(GUEST_IP, OTHER_IP));
    do
        assert_true(next_frame(&one, SOON, &frame));
    while (get16(frame.bytes + 12) != 0x0806);
    assert_memory_equal(frame.bytes + 22, "\x52\x55\x0a\x00\x02\x10", 6);

    send_frame(&one, tcp_frame(GUEST_IP, 40000, OTHER_IP, 80, SYN));
    assert_true(next_from(&other, GUEST_IP, IPPROTO_TCP, 80, SOON, &frame));
    assert_memory_equal(frame.bytes, GUEST_MAC "\x52\x55\x0a\x00\x02\x0f", 12);
    assert_int_equal(transport_of(&frame)[13], SYN);
    assert_int_equal(transport_sum(&frame), 0);
    send_frame(&other, tcp_frame(OTHER_IP, 80, GUEST_IP, 40000, SYN | ACK)); /* an answer is no wish */
    assert_true(next_from(&one, OTHER_IP, IPPROTO_TCP, 40000, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13], SYN | ACK);

    send_frame(&one, udp_frame(GUEST_IP, 40000, OTHER_IP, 53, "question", 8));
    assert_true(next_from(&other, GUEST_IP, IPPROTO_UDP, 53, SOON, &frame));
    send_frame(&other, udp_frame(OTHER_IP, 53, GUEST_IP, 40000, "answer", 6));
    assert_true(next_from(&one, OTHER_IP, IPPROTO_UDP, 40000, SOON, &frame));

    send_frame(&one, icmp_frame(GUEST_IP, OTHER_IP, 8));
    assert_true(next_from(&other, GUEST_IP, IPPROTO_ICMP, 0, SOON, &frame));
    send_frame(&other, icmp_frame(OTHER_IP, GUEST_IP, 0));
    assert_true(next_from(&one, OTHER_IP, IPPROTO_ICMP, 0, SOON, &frame));
}

static void each_is_held_to_its_own_rules(void **state)
{
    (void)state;
    struct frame frame;
    send_frame(&other, tcp_frame(OTHER_IP, 40000, GUEST_IP, 22, SYN));
    assert_true(next_from(&other, GUEST_IP, IPPROTO_TCP, 40000, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13], RST | ACK);
    send_frame(&other, udp_frame(OTHER_IP, 40000, GUEST_IP, 53, "question", 8));
    send_frame(&other, icmp_frame(OTHER_IP, GUEST_IP, 8));
    send_frame(&other, icmp_frame(OTHER_IP, GUEST_IP, 0)); /* which nobody asked for */
    assert_false(next_from(&one, OTHER_IP, IPPROTO_UDP, 53, NEVER, &frame));
    assert_int_equal(drops_of(&other, "rule"), 2);
    assert_int_equal(drops_of(&other, "icmp"), 2);

    tell(&other, -1, "rules one:22, one.blue.internal:23"); /* by name, in both its forms */
    for (unsigned port = 22; port <= 23; port++) {
        send_frame(&other, tcp_frame(OTHER_IP, 40000, GUEST_IP, port, SYN));
        assert_true(next_from(&one, OTHER_IP, IPPROTO_TCP, port, SOON, &frame));
    }
    send_frame(&other, tcp_frame(OTHER_IP, 40000, GUEST_IP, 24, SYN));
    assert_false(next_from(&one, OTHER_IP, IPPROTO_TCP, 24, NEVER, &frame));
    assert_int_equal(drops_of(&other, "rule"), 3);
}

static void nobody_speaks_for_another(void **state)
{
    (void)state;
    struct frame frame;
    struct frame lies[] = {tcp_frame(OTHER_IP, 40000, GUEST_IP, 80, SYN),
                           tcp_frame("10.0.2.2", 1, GUEST_IP, 80, SYN),
                           tcp_frame(LIAR_IP, 40000, OTHER_IP, 80, SYN),
                           tcp_frame("8.8.8.8", 40000, GUEST_IP, 80, SYN),
                           icmp_frame(LIAR_IP, GUEST_IP, 5),
                           arp_frame(LIAR_IP, GUEST_IP),
                           udp_frame("10.0.2.3", 53, GUEST_IP, 80, "x", 1)};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        assert_true(send(liar, lies[i].bytes, lies[i].length, 0) > 0);
    assert_true(send(liar, "short", 5, 0) > 0);
    assert_false(next_frame(&one, NEVER, &frame));
    struct frame honest = tcp_frame(LIAR_IP, 40000, GUEST_IP, 80, SYN);
    assert_true(send(liar, honest.bytes, honest.length, 0) > 0);
    assert_true(next_from(&one, LIAR_IP, IPPROTO_TCP, 80, SOON, &frame));

    send_frame(&one, tcp_frame("10.0.2.99", 40000, OTHER_IP, 80, SYN));
    send_frame(&one, tcp_frame(OTHER_IP, 40000, OTHER_IP, 80, SYN));
    assert_false(next_frame(&other, NEVER, &frame));
    assert_int_equal(drops_of(&one, "source"), 2);
}

/* What the nameserver says of a name: its code, and the last byte of the address. */
static void assert_name(const char *name, unsigned code, unsigned last)
{
    struct frame frame;
    send_frame(&one, question_for(name, 7, 1));
    assert_true(next_from(&one, "10.0.2.3", IPPROTO_UDP, 40000, SOON, &frame));
    assert_int_equal(transport_of(&frame)[8 + 3] & 15, code);
    assert_int_equal(get16(transport_of(&frame) + 8 + 6), last != 0);
    if (last != 0)
        assert_int_equal(frame.bytes[frame.length - 1], last);
}

static void the_others_have_names(void **state)
{
    (void)state;
    unsigned port;
    aq_autoclose int server = listen_at("127.0.0.1", SOCK_DGRAM, &port);
    tell(&one, -1, "nameservers 127.0.0.1#%u", port);
    assert_name("other", 0, 16);
    assert_name("OTHER.Blue.Internal", 0, 16);
    assert_name("one", 0, 15);
    assert_name("nobody.blue.internal", 3, 0);
    assert_false(contacted(server, NEVER)); /* none of that is anybody else's business */
}

/* An address may be another VM's soon: the rule that names the old one does not mean that. */
static void a_name_ends_with_its_vm(void **state)
{
    (void)state;
    int next[2];
    struct frame frame;
    tell(&one, -1, "rules liar:80");
    send_frame(&one, tcp_frame(GUEST_IP, 40000, LIAR_IP, 80, SYN));
    assert_int_equal(aq_wait_fd(liar, POLLIN, aq_after_ms(SOON), &err), 1);
    pair(next);
    tell(&one, next[0], "peer successor " LIAR_IP);
    close(next[0]);
    close(liar);
    liar = next[1];
    send_frame(&one, tcp_frame(GUEST_IP, 40001, LIAR_IP, 80, SYN));
    assert_true(next_from(&one, LIAR_IP, IPPROTO_TCP, 40001, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13], RST | ACK);
}

static void no_more_than_fit_are_taken(void **state)
{
    (void)state;
    int ends[AQ_PEERS_MAX][2];
    for (int i = 2; i <= AQ_PEERS_MAX; i++) { /* two are there */
        pair(ends[i - 1]);
        int told = aq_companion_call(one.control, ends[i - 1][0], NULL, aq_after_ms(SOON), &err,
                                     "peer vm%d 10.0.2.%d", i, 100 + i);
        if (i < AQ_PEERS_MAX)
            assert_ok(told);
        else
            assert_fails(told, AQ_E_LIMIT_EXCEEDED);
        close(ends[i - 1][0]);
    }
    for (int i = 1; i < AQ_PEERS_MAX; i++)
        close(ends[i][1]);
}

static void one_that_has_ended_is_gone(void **state)
{
    (void)state;
    struct frame frame;
    close(liar);
    liar = -1;
    for (int i = 0; i < 100; i++) {
        send_frame(&one, tcp_frame(GUEST_IP, 40000, LIAR_IP, 80, SYN));
        if (next_from(&one, LIAR_IP, IPPROTO_TCP, 40000, 100, &frame))
            break;
    }
    assert_int_equal(transport_of(&frame)[13], RST | ACK);
    assert_in_range(drops_of(&one, "nowhere"), 1, 100);
    assert_name("liar.blue.internal", 3, 0);

    int again[2];
    pair(again); /* it is started anew: the same address, another cable */
    tell(&one, again[0], "peer liar " LIAR_IP);
    close(again[0]);
    liar = again[1];
    send_frame(&one, tcp_frame(GUEST_IP, 40000, LIAR_IP, 80, SYN));
    assert_int_equal(aq_wait_fd(liar, POLLIN, aq_after_ms(SOON), &err), 1);
    assert_name("liar", 0, 17);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_guest_sends_comes_from_its_card_there, fresh, ended),
        cmocka_unit_test_setup_teardown(each_is_held_to_its_own_rules, fresh, ended),
        cmocka_unit_test_setup_teardown(nobody_speaks_for_another, fresh, ended),
        cmocka_unit_test_setup_teardown(the_others_have_names, fresh, ended),
        cmocka_unit_test_setup_teardown(a_name_ends_with_its_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(no_more_than_fit_are_taken, fresh, ended),
        cmocka_unit_test_setup_teardown(one_that_has_ended_is_gone, fresh, ended),
    };
    return cmocka_run_group_tests_name("companion/peers", tests, NULL, NULL);
}
