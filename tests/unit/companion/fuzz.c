/* SPDX-License-Identifier: MIT */
/*
 * Frames of every kind, and what becomes of them when some bytes are others, through the real program. Around
 * it are listeners of the host that nothing may ever reach; one port is allowed, so that libslirp has work.
 * Then the same with a judge who lets everything pass: the second boundary alone.
 */
#include "test.h"

#include <errno.h>

#include "gateway.h"

enum { FRAMES = 40000, NOTHING_MS = 300 };

static unsigned seed;

static unsigned any_number(unsigned below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

/* Listeners that are not to be reached. */
static int canaries[6];
static unsigned canary_ports[2], allowed;

static int listen6(int type, unsigned port)
{
    struct sockaddr_in6 where = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_ANY_INIT};
    int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&where, sizeof where) < 0 ||
        (type == SOCK_STREAM && listen(fd, 16) < 0)) {
        if (fd >= 0)
            close(fd);
        return -1; /* a host without IPv6 */
    }
    return fd;
}

static void set_canaries(void)
{
    canaries[0] = listen_at("0.0.0.0", SOCK_STREAM, &canary_ports[0]);
    canaries[1] = listen_at("0.0.0.0", SOCK_DGRAM, &canary_ports[1]);
    canaries[2] = listen6(SOCK_STREAM, canary_ports[0]);
    canaries[3] = listen6(SOCK_DGRAM, canary_ports[1]);
    canaries[4] = canaries[5] = -1;
}

static void check_canaries(void)
{
    usleep(NOTHING_MS * 1000);
    for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++) {
        if (canaries[i] < 0)
            continue;
        if (contacted(canaries[i], 0))
            fail_msg("something has reached listener %zu", i);
        close(canaries[i]);
    }
}

static const char *any_address(bool *six)
{
    static const char *const four[] = {"127.0.0.1",  "10.0.2.2", "0.0.0.0",         "255.255.255.255",
                                       "127.0.0.53", "10.0.2.3", "169.254.169.254", "224.0.0.1",
                                       "10.0.2.255", "10.0.2.15"};
    static const char *const sixes[] = {"::1",     "fec0::2", "fec0::3",     "::ffff:127.0.0.1",
                                        "ff02::1", "fe80::2", "::127.0.0.1", "fec0::7"};
    *six = any_number(3) == 0;
    return *six ? sixes[any_number(8)] : four[any_number(10)];
}

static struct frame any_frame(void)
{
    static const unsigned char payload[600] = {1, 2, 3};
    bool six;
    const char *to = any_address(&six), *from = six ? GUEST_IP6 : GUEST_IP;
    unsigned ports[] = {canary_ports[0], canary_ports[1], allowed, 53, 69, 67, any_number(65536)};
    unsigned port = ports[any_number(7)], own = 1024 + any_number(40000);
    switch (any_number(8)) {
    case 0:
    case 1:
    case 2:
        return tcp_frame(from, own, to, port, any_number(2) == 0 ? SYN : any_number(64));
    case 3:
    case 4:
        return udp_frame(from, own, to, port, payload, any_number(sizeof payload));
    case 5:
        return icmp_frame(from, to, any_number(3) == 0 ? 8 : any_number(256));
    case 6:
        return arp_frame(any_number(2) == 0 ? GUEST_IP : "10.0.2.2", "10.0.2.2");
    default:
        return udp_frame("0.0.0.0", 68, "255.255.255.255", 67, payload, 300);
    }
}

static struct frame mutated(struct frame frame)
{
    unsigned changes = any_number(4);
    for (unsigned i = 0; i < changes; i++) {
        size_t at = any_number(3) == 0 ? any_number((unsigned)frame.length) : 12 + any_number(60);
        if (at < frame.length)
            frame.bytes[at] =
                any_number(2) == 0 ? (unsigned char)any_number(256) : frame.bytes[at] ^ (1U << any_number(8));
    }
    if (any_number(10) == 0)
        frame.length = any_number((unsigned)frame.length + 1);
    else if (any_number(20) == 0)
        frame.length += any_number(200);
    if (frame.length >= 74 && any_number(2) == 0) {
        unsigned type = get16(frame.bytes + 12), protocol = frame.bytes[type == 0x0800 ? 23 : 20];
        if ((type == 0x0800 || type == 0x86dd) && (protocol == 6 || protocol == 17))
            seal(&frame); /* so that what checks sums looks further */
    }
    return frame;
}

static void drain_frames(const struct gateway *gateway)
{
    static unsigned char bytes[70000];
    while (recv(gateway->cable, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

static void drain_service(int service)
{
    int client;
    while ((client = accept(service, NULL, NULL)) >= 0)
        close(client);
}

/* As a sanitizer's own memory is counted, too, there it says nothing. */
static void assert_small(const struct gateway *gateway)
{
    aq_autofree char *path = aq_format("/proc/%d/status", (int)gateway->pid);
    FILE *file = fopen(path, "re");
    char line[256];
    unsigned long peak = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "VmHWM: %lu", &peak);
    fclose(file);
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(peak, 1000, 64 * 1024);
#endif
}

static void fuzz(const char *program)
{
    aq_autofree char *path = aq_format("%s/%s", getenv("BUILD_DIR"), program);
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &allowed);
    set_canaries();
    struct gateway gateway = start_program(path);
    tell(&gateway, -1, "rules localhost:%u", allowed);
    tell(&gateway, -1, "start");
    send_frame(&gateway, arp_frame(GUEST_IP, "10.0.2.2"));
    for (int i = 0; i < FRAMES; i++) {
        send_frame(&gateway, mutated(any_frame()));
        if (i % 16 == 0) {
            drain_frames(&gateway);
            drain_service(service);
        }
    }
    tell(&gateway, -1, "state"); /* it lives, and listens */
    struct frame frame;
    send_frame(&gateway, tcp_frame(GUEST_IP, 60000, "10.0.2.2", allowed, SYN));
    assert_true(next_from(&gateway, "10.0.2.2", IPPROTO_TCP, 60000, HANG, &frame));
    check_canaries();
    assert_small(&gateway);
    end_gateway(&gateway);
}

static void nothing_gets_past_it(void **state)
{
    (void)state;
    for (seed = 1; seed <= 2; seed++) {
        unsigned round = seed;
        fuzz("libexec/address-qemu/companion");
        seed = round;
    }
}

static void nothing_gets_past_its_sockets_either(void **state)
{
    (void)state;
    seed = 77;
    fuzz("tests/companion-unjudged");
}

/* Opens a connection as a guest does; its next sequence number is 1001. */
static unsigned open_connection(const struct gateway *gateway, unsigned port)
{
    struct frame frame;
    send_frame(gateway, tcp_frame(GUEST_IP, port, "10.0.2.2", allowed, SYN));
    assert_true(next_from(gateway, "10.0.2.2", IPPROTO_TCP, port, HANG, &frame));
    assert_int_equal(transport_of(&frame)[13], SYN | ACK);
    const unsigned char *tcp = transport_of(&frame);
    return (get16(tcp + 4) << 16 | get16(tcp + 6)) + 1;
}

static struct frame data_frame(unsigned port, unsigned sequence, unsigned acknowledged, size_t length)
{
    struct frame frame = ip_frame(GUEST_IP, "10.0.2.2", IPPROTO_TCP, 20 + length);
    unsigned char *tcp = transport_of(&frame);
    put16(tcp, port);
    put16(tcp + 2, allowed);
    put16(tcp + 4, sequence >> 16);
    put16(tcp + 6, sequence);
    put16(tcp + 8, acknowledged >> 16);
    put16(tcp + 10, acknowledged);
    tcp[12] = 0x50;
    tcp[13] = ACK;
    put16(tcp + 14, 65535);
    seal(&frame);
    return frame;
}

/* Every byte but the first of what the window has room for, each in a segment of its own: each would be kept
   in a buffer of 64 KiB until the first comes. And as many connections as there may be, full to the brim. */
static void no_guest_makes_it_grow(void **state)
{
    (void)state;
    aq_autofree char *path = aq_format("%s/libexec/address-qemu/companion", getenv("BUILD_DIR"));
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &allowed);
    assert_int_equal(listen(service, 4096), 0);
    struct gateway gateway = start_program(path);
    tell(&gateway, -1, "rules localhost:%u", allowed);
    tell(&gateway, -1, "start");
    send_frame(&gateway, arp_frame(GUEST_IP, "10.0.2.2"));
    for (unsigned i = 0; i < 300; i++)
        send_frame(&gateway,
                   tcp_frame(GUEST_IP, 2000 + i, "10.0.2.2", allowed, SYN)); /* nobody takes these */
    drain_frames(&gateway);
    aq_autostrings struct aq_strings rows = {0};
    assert_ok(aq_companion_call(gateway.control, -1, &rows, aq_after_ms(HANG), &err, "state"));
    end_gateway(&gateway);

    gateway = start_program(path);
    tell(&gateway, -1, "rules localhost:%u", allowed);
    tell(&gateway, -1, "start");
    send_frame(&gateway, arp_frame(GUEST_IP, "10.0.2.2"));
    for (unsigned c = 0; c < 4; c++) {
        unsigned acknowledged = open_connection(&gateway, 3000 + c);
        for (unsigned i = 1; i < 60000; i += 2) {
            send_frame(&gateway, data_frame(3000 + c, 1001 + i, acknowledged, 1));
            if (i % 64 == 1)
                drain_frames(&gateway);
        }
    }
    for (unsigned c = 0; c < 200; c++) { /* a service that does not read: all waits in the gateway */
        send_frame(&gateway, tcp_frame(GUEST_IP, 5000 + c, "10.0.2.2", allowed, SYN));
        for (unsigned i = 0; i < 4; i++)
            send_frame(&gateway, data_frame(5000 + c, 1001 + i * 60000, 1, 60000));
        drain_frames(&gateway);
    }
    tell(&gateway, -1, "state");
    assert_small(&gateway);
    end_gateway(&gateway);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gets_past_it),
        cmocka_unit_test(nothing_gets_past_its_sockets_either),
        cmocka_unit_test(no_guest_makes_it_grow),
    };
    return cmocka_run_group_tests_name("companion/fuzz", tests, NULL, NULL);
}
