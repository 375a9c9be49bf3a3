/* SPDX-License-Identifier: MIT */
/* What goes through the companion, as the program that it is: real sockets of the host behind it, frames of
   ours in front of it. */
#include "test.h"

#include "gateway.h"
#include "gateway/sockets.h"

static void tcp_reaches_the_port_that_is_allowed_and_no_other(void **state)
{
    (void)state;
    unsigned allowed, other;
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &allowed);
    aq_autoclose int neighbour = listen_at("127.0.0.1", SOCK_STREAM, &other);
    aq_autofree char *rules = aq_format("localhost:%u", allowed);
    struct gateway gateway = start_gateway(rules);
    struct frame frame;
    send_frame(&gateway, tcp_frame(GUEST_IP, 40000, "10.0.2.2", allowed, SYN));
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 40000, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13], SYN | ACK);
    assert_true(contacted(service, SOON));

    send_frame(&gateway, tcp_frame(GUEST_IP, 40001, "10.0.2.2", other, SYN));
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 40001, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13], RST | ACK);
    assert_false(contacted(neighbour, NEVER));
    assert_int_equal(drops_of(&gateway, "localhost"), 1);

    /* Live: the other way round, and the connection that was open is over. */
    aq_autoclose int open = accept(service, NULL, NULL);
    tell(&gateway, -1, "rules localhost:%u", other);
    char byte;
    assert_true(contacted(open, SOON)); /* the far end hears of it */
    assert_true(recv(open, &byte, 1, 0) <= 0);
    send_frame(&gateway, tcp_frame(GUEST_IP, 40002, "10.0.2.2", other, SYN));
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 40002, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13], SYN | ACK);
    assert_true(contacted(neighbour, SOON));
    send_frame(&gateway, tcp_frame(GUEST_IP, 40000, "10.0.2.2", allowed, ACK));
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 40000, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13], RST);
    end_gateway(&gateway);
}

static void udp_is_answered_by_whom_it_was_sent_to(void **state)
{
    (void)state;
    unsigned port, other;
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_DGRAM, &port);
    aq_autoclose int stranger = listen_at("127.0.0.1", SOCK_DGRAM, &other);
    aq_autofree char *rules = aq_format("localhost:%u/udp", port);
    struct gateway gateway = start_gateway(rules);
    struct frame frame;
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    char bytes[16];
    send_frame(&gateway, udp_frame(GUEST_IP, 40000, "10.0.2.2", port, "question", 8));
    assert_true(contacted(service, SOON));
    assert_int_equal(recvfrom(service, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &length), 8);
    assert_int_equal(sendto(stranger, "lie", 3, 0, (struct sockaddr *)&peer, length), 3);
    assert_int_equal(sendto(service, "answer", 6, 0, (struct sockaddr *)&peer, length), 6);
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_UDP, 40000, SOON, &frame));
    assert_memory_equal(transport_of(&frame) + 8, "answer", 6);

    send_frame(&gateway, udp_frame(GUEST_IP, 40000, "10.0.2.2", other, "question", 8));
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_ICMP, 0, SOON, &frame));
    assert_int_equal(transport_of(&frame)[1], 13);
    assert_false(contacted(stranger, NEVER));
    end_gateway(&gateway);
}

/* The guest's answer to a segment of the gateway's. */
static struct frame answer_to(struct frame *segment, unsigned flags)
{
    unsigned char *tcp = transport_of(segment);
    char peer[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, segment->bytes + 26, peer, sizeof peer);
    struct frame answer = tcp_frame(GUEST_IP, get16(tcp + 2), peer, get16(tcp), flags);
    unsigned char *out = transport_of(&answer);
    unsigned sequence = get16(tcp + 4) << 16 | get16(tcp + 6);
    put16(out + 8, (sequence + 1) >> 16);
    put16(out + 10, sequence + 1);
    seal(&answer);
    return answer;
}

/* The same in a connection whose first byte was sent. */
static struct frame next_to(struct frame *segment, unsigned flags)
{
    struct frame answer = answer_to(segment, flags);
    put16(transport_of(&answer) + 6, 1001);
    seal(&answer);
    return answer;
}

/* A service that closes first, as web servers do, leaves nothing behind in the gateway that another needs the
   place of: there is no end to how many a guest may have one after the other. */
static void connections_that_are_over_are_forgotten(void **state)
{
    (void)state;
    unsigned port;
    struct frame frame;
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &port);
    aq_autofree char *rules = aq_format("localhost:%u", port);
    struct gateway gateway = start_gateway(rules);
    for (unsigned own = 20000; own < 20400; own++) {
        send_frame(&gateway, tcp_frame(GUEST_IP, own, "10.0.2.2", port, SYN));
        assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, own, SOON, &frame));
        assert_int_equal(transport_of(&frame)[13], SYN | ACK);
        send_frame(&gateway, next_to(&frame, ACK));
        assert_true(contacted(service, SOON));
        close(accept(service, NULL, NULL));
        do
            assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, own, SOON, &frame));
        while ((transport_of(&frame)[13] & FIN) == 0);
        struct frame last = next_to(&frame, ACK), end = next_to(&frame, FIN | ACK);
        bool crossed = own % 2 == 0; /* or it closes at the same time, and has not seen the other's end */
        if (crossed) {
            put16(transport_of(&end) + 10, get16(transport_of(&end) + 10) - 1);
            put16(transport_of(&last) + 6, 1002);
            seal(&end);
            seal(&last);
        }
        send_frame(&gateway, end);
        assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, own, SOON, &frame));
        assert_int_equal(transport_of(&frame)[13] & ~FIN, ACK);
        if (crossed)
            send_frame(&gateway, last);
        assert_int_equal(get16(transport_of(&frame) + 10), 1002);
    }
    aq_autostrings struct aq_strings rows = {0};
    assert_ok(aq_companion_call(gateway.control, -1, &rows, aq_after_ms(HANG), &err, "state"));
    unsigned open = AQ_SOCKETS_OUT_MAX;
    for (size_t i = 0; i < rows.count; i++)
        sscanf(rows.items[i], "open %u", &open);
    assert_in_range(open, 1, AQ_SOCKETS_OUT_MAX - 1); /* some wait for others to need their places */
    end_gateway(&gateway);
}

static int connect_to(unsigned port)
{
    struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    return fd;
}

/* A client comes while the guest boots. Its connection waits; it is taken as soon as the guest's port
 * answers. */
static void a_client_waits_until_the_service_is_there(void **state)
{
    (void)state;
    unsigned port;
    struct gateway gateway = start_gateway("none");
    int service = listen_at("127.0.0.1", SOCK_STREAM, &port);
    tell(&gateway, service, "forward tcp 127.0.0.1 %u 8080", port);
    close(service);
    aq_autoclose int client = connect_to(port);
    struct frame frame;
    for (int i = 0; i < 3; i++) { /* it asks again and again, from its own port */
        assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 8080, SOON, &frame));
        assert_int_equal(get16(transport_of(&frame)), 1);
        assert_int_equal(transport_of(&frame)[13], SYN);
        if (i == 1)
            send_frame(&gateway, answer_to(&frame, RST | ACK)); /* the network is up, the service is not */
    }
    send_frame(&gateway, answer_to(&frame, SYN | ACK));
    bool reset = false;
    do { /* its own attempt is taken back, the client's comes */
        assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 8080, SOON, &frame));
        reset = reset || (get16(transport_of(&frame)) == 1 && transport_of(&frame)[13] == RST);
    } while (get16(transport_of(&frame)) == 1);
    assert_true(reset);
    assert_int_equal(transport_of(&frame)[13], SYN);
    send_frame(&gateway, answer_to(&frame, SYN | ACK));
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 8080, SOON, &frame));
    assert_int_equal(transport_of(&frame)[13] & ACK, ACK);

    /* The next one is taken at once. */
    aq_autoclose int second = connect_to(port);
    do
        assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 8080, SOON, &frame));
    while (transport_of(&frame)[13] != SYN);
    assert_int_not_equal(get16(transport_of(&frame)), 1);

    tell(&gateway, -1, "unforward tcp 127.0.0.1 %u", port);
    struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    aq_autoclose int third = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(third, (struct sockaddr *)&where, sizeof where), -1);
    end_gateway(&gateway);
}

/* What comes in by a forwarded UDP port may be answered; nothing else goes out through it. */
static void a_forwarded_udp_port_is_no_way_out(void **state)
{
    (void)state;
    unsigned port, client_port, canary_port;
    struct gateway gateway = start_gateway("none");
    int service = listen_at("127.0.0.1", SOCK_DGRAM, &port);
    aq_autoclose int client = listen_at("127.0.0.1", SOCK_DGRAM, &client_port);
    aq_autoclose int canary = listen_at("127.0.0.1", SOCK_DGRAM, &canary_port);
    tell(&gateway, service, "forward udp 127.0.0.1 %u 5353", port);
    close(service);
    send_frame(&gateway, udp_frame(GUEST_IP, 5353, "10.0.2.2", client_port, "early", 5));
    assert_false(contacted(client, NEVER));
    struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(sendto(client, "question", 8, 0, (struct sockaddr *)&where, sizeof where), 8);
    struct frame frame;
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_UDP, 5353, SOON, &frame));
    send_frame(&gateway, udp_frame(GUEST_IP, 5353, "10.0.2.2", canary_port, "leak", 4));
    send_frame(&gateway, udp_frame(GUEST_IP, 5353, "10.0.2.2", client_port, "answer", 6));
    char bytes[16];
    assert_true(contacted(client, SOON));
    assert_int_equal(recv(client, bytes, sizeof bytes, 0), 6);
    assert_memory_equal(bytes, "answer", 6);
    assert_false(contacted(canary, NEVER));
    end_gateway(&gateway);
}

/* What the guest is told to have answered to a question. free() it. */
static char *asked(const struct gateway *gateway, const char *question)
{
    aq_autostrings struct aq_strings rows = {0};
    assert_ok(aq_companion_call(gateway->control, -1, &rows, aq_after_ms(HANG), &err, "%s", question));
    assert_int_equal(rows.count, 1);
    return aq_strdup(rows.items[0]);
}
#define assert_asked(question, wanted)                                                                       \
    do {                                                                                                     \
        aq_autofree char *said = asked(&gateway, question);                                                  \
        assert_string_equal(said, wanted);                                                                   \
    } while (0)

/* A guest that answers the SYN which the gateway sends to that port, from another process: the question
   itself waits for it. */
static pid_t answering(struct gateway *gateway, const char *from, unsigned port, unsigned flags)
{
    struct frame frame;
    while (next_frame(gateway, 0, &frame)) /* of earlier questions */
        ;
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    while (next_from(gateway, from, IPPROTO_TCP, port, SOON, &frame)) {
        if (transport_of(&frame)[13] == SYN)
            send_frame(gateway, answer_to(&frame, flags));
        if ((flags & RST) != 0 || transport_of(&frame)[13] == RST) /* what it agreed to is taken back */
            _exit(0);
    }
    _exit(1);
}

static void assert_answered(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_port_of_the_guest_can_be_asked(void **state)
{
    (void)state;
    struct gateway gateway = start_gateway("none");
    assert_asked("ask 8080", "silent");
    pid_t pid = answering(&gateway, "10.0.2.2", 8080, RST | ACK);
    assert_asked("ask 8080", "closed");
    assert_answered(pid);
    pid = answering(&gateway, "10.0.2.2", 8080, SYN | ACK);
    assert_asked("ask 8080", "open");
    assert_answered(pid);
    end_gateway(&gateway);
}

/* It is asked from an address beyond its net, so that it needs a route to answer; the answer goes nowhere. */
static void the_guests_network_can_be_asked(void **state)
{
    (void)state;
    struct gateway gateway = start_gateway("none");
    assert_asked("network", "silent");
    pid_t pid = answering(&gateway, "192.0.2.1", 1, RST | ACK);
    assert_asked("network", "open");
    assert_answered(pid);
    pid = answering(&gateway, "192.0.2.1", 1, SYN | ACK);
    assert_asked("network", "open");
    assert_answered(pid);
    assert_int_equal(drops_of(&gateway, "stray") + drops_of(&gateway, "rule"), 0);

    /* One that says nothing, but was given its address. */
    unsigned char lease[300] = {1, 1, 6};
    memcpy(lease + 28, GUEST_MAC, 6);
    memcpy(lease + 236, "\x63\x82\x53\x63\x35\x01\x03\x32\x04\x0a\x00\x02\x0f\xff", 14);
    send_frame(&gateway, udp_frame("0.0.0.0", 68, "255.255.255.255", 67, lease, sizeof lease));
    aq_autofree char *said = asked(&gateway, "network");
    assert_memory_equal(said, "leased ", 7);
    assert_in_range(atoi(said + 7), 500, HANG);
    end_gateway(&gateway);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_reaches_the_port_that_is_allowed_and_no_other),
        cmocka_unit_test(udp_is_answered_by_whom_it_was_sent_to),
        cmocka_unit_test(a_client_waits_until_the_service_is_there),
        cmocka_unit_test(connections_that_are_over_are_forgotten),
        cmocka_unit_test(a_forwarded_udp_port_is_no_way_out),
        cmocka_unit_test(a_port_of_the_guest_can_be_asked),
        cmocka_unit_test(the_guests_network_can_be_asked),
    };
    return cmocka_run_group_tests_name("companion/network", tests, NULL, NULL);
}
