/* SPDX-License-Identifier: MIT */
/* The companion as the program that it is, in its sandbox, with real sockets of the host behind it and frames
   of ours in front of it. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "gateway.h"
#include "gateway/resolver.h"
#include "gateway/sockets.h"

enum { SOON = 20000, NEVER = 300 };

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

/* /proc's word on the process. free() it. */
static char *status_of(const struct gateway *gateway, const char *file)
{
    aq_autofree char *path = aq_format("/proc/%d/%s", (int)gateway->pid, file);
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = aq_alloc(8192);
    assert_true(fd >= 0 && read(fd, text, 8191) > 0);
    return text;
}

static void the_sandbox_is_closed(void **state)
{
    (void)state;
    struct gateway gateway = start_gateway("any");
    aq_autofree char *status = status_of(&gateway, "status");
    assert_non_null(strstr(status, "NoNewPrivs:\t1"));
    assert_non_null(strstr(status, "Seccomp:\t2"));
    assert_non_null(strstr(status, "CapEff:\t0000000000000000"));
    assert_non_null(strstr(status, "CapPrm:\t0000000000000000"));
    aq_autostrings struct aq_strings rows = {0};
    aq_autofree char *sandbox = NULL;
    assert_ok(aq_companion_state(gateway.control, &rows, &sandbox, aq_after_ms(HANG), &err));
    assert_true(aq_strings_has(&rows, "seccomp on"));
    if (aq_strings_has(&rows, "namespaces on")) { /* its root is empty */
        aq_autofree char *path = aq_format("/proc/%d/root", (int)gateway.pid);
        DIR *root = opendir(path);
        int entries = 0;
        while (root != NULL && readdir(root) != NULL)
            entries++;
        assert_true(root == NULL || entries == 2);
        if (root != NULL)
            closedir(root);
    }
    aq_autofree char *limits = status_of(&gateway, "limits");
    assert_non_null(strstr(limits, "Max open files            256"));
    assert_non_null(strstr(limits, "Max core file size        0"));
    end_gateway(&gateway);
}

static void nothing_passes_when_it_is_killed(void **state)
{
    (void)state;
    unsigned port;
    int status;
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &port);
    aq_autofree char *rules = aq_format("localhost:%u", port);
    struct gateway gateway = start_gateway(rules);
    assert_int_equal(kill(gateway.pid, SIGKILL), 0);
    assert_int_equal(waitpid(gateway.pid, &status, 0), gateway.pid);
    struct frame frame = tcp_frame(GUEST_IP, 40000, "10.0.2.2", port, SYN);
    assert_int_equal(send(gateway.cable, frame.bytes, frame.length, MSG_NOSIGNAL), -1);
    assert_true(errno == EPIPE || errno == ECONNRESET);
    assert_false(contacted(service, NEVER));
    close(gateway.cable);
    close(gateway.control);
}

/* Before it serves, nothing goes through it; and it ends with whoever starts it. */
static void it_serves_nothing_before_it_is_told_to_start(void **state)
{
    (void)state;
    unsigned port;
    int status;
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &port);
    aq_autofree char *program = aq_format("%s/libexec/address-qemu/companion", getenv("BUILD_DIR"));
    struct gateway gateway = start_program(program);
    tell(&gateway, -1, "rules localhost:%u", port);
    send_frame(&gateway, tcp_frame(GUEST_IP, 40000, "10.0.2.2", port, SYN));
    assert_false(contacted(service, NEVER));
    close(gateway.control);
    assert_int_equal(waitpid(gateway.pid, &status, 0), gateway.pid);
    assert_true(WIFEXITED(status));
    close(gateway.cable);
}

static void what_it_is_told_wrongly_it_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"nonsense",
                                        "rules 80-",
                                        "rules",
                                        "forward tcp 127.0.0.1 80 80",
                                        "unforward tcp 127.0.0.1",
                                        "nameservers x",
                                        "ask",
                                        "ask 0",
                                        "start",
                                        "card 52:54:00:aa:bb:cc 10.0.2.15",
                                        "console",
                                        "lease a"};
    struct gateway gateway = start_gateway("none");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(aq_companion_call(gateway.control, -1, NULL, aq_after_ms(HANG), &err, "%s", wrong[i]),
                     AQ_E_COMPANION_FAILED);
    tell(&gateway, -1, "unforward tcp 127.0.0.1 80"); /* it leads nowhere, as is wanted */
    tell(&gateway, -1, "state");
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
        cmocka_unit_test(only_names_in_the_rules_are_answered),
        cmocka_unit_test(every_name_of_the_rules_is_learned),
        cmocka_unit_test(any_name_is_asked_for_where_any_address_is_allowed),
        cmocka_unit_test(the_sandbox_is_closed),
        cmocka_unit_test(nothing_passes_when_it_is_killed),
        cmocka_unit_test(it_serves_nothing_before_it_is_told_to_start),
        cmocka_unit_test(what_it_is_told_wrongly_it_refuses),
        cmocka_unit_test(a_port_of_the_guest_can_be_asked),
        cmocka_unit_test(the_guests_network_can_be_asked),
    };
    return cmocka_run_group_tests_name("companion/network", tests, NULL, NULL);
}
