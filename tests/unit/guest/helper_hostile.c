/* SPDX-License-Identifier: MIT */
/* Peers that mean harm: a guest against the host's code, a host's bytes against the server. */
#include "guest-server.h"
#include "test-files.h"
#include "test-wire.h"

#include <stdlib.h>

#include "guest/helper_session.h"

#define SEEDS 200

/* --- hostile guests --- */

/* Speaks for the guest once the session is there; `channel` is the host's first operation's. */
typedef void (*villain)(int fd, struct aq_wire_queue *queue, unsigned channel);

static pid_t start_villain(int ends[2], villain act)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        static struct aq_wire_parser parser = {.hunting = true};
        struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
        unsigned char answer[14] = {0};
        close(ends[0]);
        signal(SIGPIPE, SIG_DFL);
        struct aq_frame frame = next_frame(ends[1], &parser);
        memcpy(answer, frame.payload, 12);
        aq_wire_send(&queue, AQ_WIRE_HELLO_ANSWER, 0, 0, answer, sizeof answer);
        send_queue(ends[1], &queue);
        frame = next_frame(ends[1], &parser);
        act(ends[1], &queue, frame.channel);
        send_queue(ends[1], &queue);
        char rest[4096];
        while (read(ends[1], rest, sizeof rest) > 0)
            ;
        _exit(0);
    }
    close(ends[1]);
    return pid;
}

static enum aq_error_code meet(villain act)
{
    int ends[2];
    pid_t pid = start_villain(ends, act);
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_channel *channel = aq_channel_open_helper(&(struct aq_channel_port){.fd = ends[0]});
    const char *const argv[] = {"true", NULL};
    struct aq_guest_exec exec = {.argv = argv, .capture_limit = 1000, .deadline = aq_after_ms(60000)};
    aq_channel_exec(channel, &exec, &exit, &err);
    assert_true(exit.output.length <= 1000);
    aq_channel_close(channel);
    waitpid(pid, NULL, 0);
    return err.code;
}

static void send_raw_header(int fd, unsigned type, uint32_t length)
{
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    aq_wire_send(&queue, type, 0, 1, NULL, 0);
    aq_wire_put32(space + 8, length);
    uint32_t check = aq_crc32(0, space + 4, 12);
    space[2] = (unsigned char)check;
    space[3] = (unsigned char)(check >> 8);
    send_queue(fd, &queue);
}

static void says_a_huge_length(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    (void)queue;
    (void)channel;
    send_raw_header(fd, AQ_WIRE_STDOUT, UINT32_MAX);
}

static void says_an_unknown_type(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_TYPES, 0, channel, "x", 1);
}

static void says_a_type_that_only_hosts_say(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_EXEC, 0, channel, "x", 1);
}

static void damages_a_frame(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_STDOUT, 0, channel, "output", 6);
    queue->bytes[queue->end - 1] ^= 1;
}

static void speaks_on_another_channel(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_STDOUT, 0, channel + 1, "output", 6);
}

/* On a side channel that the command does not have. */
static void speaks_aside_unasked(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_SIDE, 0, channel, "checkpoint", 10);
}

static void exits_with_a_code_that_cannot_be(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    unsigned char payload[8] = {0, 1};
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_EXIT, 0, channel, payload, sizeof payload);
}

static void ends_a_command_like_a_file(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    unsigned char payload[16] = {0};
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_DONE, 0, channel, payload, sizeof payload);
}

static void gives_too_much_credit(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    unsigned char payload[4] = {0xFF, 0xFF, 0xFF, 0xFF};
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_CREDIT, 0, channel, payload, sizeof payload);
}

static void sends_a_stump_of_an_error(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    (void)fd;
    aq_wire_send(queue, AQ_WIRE_ERROR, 0, channel, "x", 1);
}

/* Talks on and on, and leaves. */
static void floods(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    static unsigned char payload[AQ_WIRE_PAYLOAD_MAX];
    for (int i = 0; i < 2000; i++) {
        aq_wire_send(queue, i % 2 == 0 ? AQ_WIRE_STDOUT : AQ_WIRE_STDERR, 0, channel, payload,
                     sizeof payload);
        send_queue(fd, queue);
    }
    _exit(0);
}

static long peak_memory(pid_t pid)
{
    char path[64];
    char line[256];
    long kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmHWM: %ld", &kilobytes);
    if (status != NULL)
        fclose(status);
    return kilobytes;
}

static void a_flood_fills_no_memory(void **state)
{
    (void)state;
    long before = peak_memory(getpid());
    assert_int_equal(meet(floods), AQ_E_VM_NOT_RUNNING);
    assert_true(before > 0);
    assert_true(peak_memory(getpid()) - before < 8000);
}

static void a_guest_that_breaks_the_rules_is_dropped(void **state)
{
    static const villain all[] = {says_a_huge_length,
                                  says_an_unknown_type,
                                  says_a_type_that_only_hosts_say,
                                  damages_a_frame,
                                  speaks_on_another_channel,
                                  speaks_aside_unasked,
                                  exits_with_a_code_that_cannot_be,
                                  ends_a_command_like_a_file,
                                  gives_too_much_credit,
                                  sends_a_stump_of_an_error};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        enum aq_error_code code = meet(all[i]);
        if (code != AQ_E_GUEST_PROTOCOL)
            fail_msg("villain %zu: %s", i, aq_error_name(code));
    }
}

static void random_frame(struct aq_wire_queue *queue, unsigned channel)
{
    unsigned char payload[600];
    size_t length = (size_t)(random() % 3 == 0 ? random() % 600 : random() % 20);
    for (size_t i = 0; i < length; i++)
        payload[i] = (unsigned char)(random() % 4 == 0 ? 0 : random());
    for (size_t i = 0; i < length; i++)
        if (payload[i] == '/')
            payload[i] = 'x'; /* no path leads anywhere */
    unsigned type = 1 + (unsigned)random() % (AQ_WIRE_TYPES - 1);
    unsigned to = random() % 4 == 0 ? (unsigned)random() % 4 : channel;
    aq_wire_send(queue, type, random() % 8 == 0, to, payload, length);
    if (random() % 20 == 0)
        queue->bytes[queue->end - 1 - (size_t)random() % 16] ^= (unsigned char)(1 << random() % 8);
}

static void babbles(int fd, struct aq_wire_queue *queue, unsigned channel)
{
    int count = 1 + (int)(random() % 50);
    for (int i = 0; i < count; i++)
        random_frame(queue, channel);
    send_queue(fd, queue);
    _exit(0);
}

static void a_guest_that_babbles_does_no_harm(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        srandom(seed);
        enum aq_error_code code = meet(babbles);
        if (code != AQ_E_GUEST_PROTOCOL && code != AQ_E_VM_NOT_RUNNING && code != AQ_E_GUEST_REFUSED &&
            code != AQ_E_GUEST_FILE_NOT_FOUND && code != AQ_E_TRANSFER_CORRUPT && code != AQ_OK)
            fail_msg("seed %u: %s", seed, aq_error_name(code));
    }
}

static void never_greets(int fd)
{
    char noise[4096];
    for (int i = 0; i < 2000; i++) {
        for (size_t j = 0; j < sizeof noise; j++)
            noise[j] = (char)random();
        if (write(fd, noise, sizeof noise) < 0)
            break;
    }
    _exit(0);
}

static void noise_is_no_greeting(void **state)
{
    struct aq_error err = {0};
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        never_greets(ends[1]);
    }
    close(ends[1]);
    struct aq_channel *channel = aq_channel_open_helper(&(struct aq_channel_port){.fd = ends[0]});
    assert_fails(aq_channel_ready(channel, aq_after_ms(60000), &err), AQ_E_VM_NOT_RUNNING);
    aq_channel_close(channel);
    waitpid(pid, NULL, 0);
}

/* --- hostile bytes for the server --- */

static void request_in_the_open(struct aq_wire_queue *queue, unsigned type, unsigned channel,
                                const char *strings, size_t length)
{
    unsigned char payload[200] = {0};
    aq_wire_put32(payload, (uint32_t)random() % 4);
    aq_wire_put32(payload + 4, (uint32_t)random() % 3);
    memcpy(payload + 8, strings, length);
    aq_wire_send(queue, type, random() % 10 == 0, channel, payload, 8 + length);
}

/* Requests that are nearly right, and frames for what they have opened. */
static void babble_like_a_host(struct aq_wire_queue *queue)
{
    static const char exec[] = "/\0cat\0-\0WORD=x\0";
    static const char put[] = "/nonexistent/file\0\0";
    unsigned channel = (unsigned)random() % 80;
    switch (random() % 5) {
    case 0:
        request_in_the_open(queue, AQ_WIRE_EXEC, channel, exec, sizeof exec - (size_t)random() % 3);
        break;
    case 1:
        request_in_the_open(queue, AQ_WIRE_PUT, channel, put, sizeof put - (size_t)random() % 3);
        break;
    case 2:
        aq_wire_send(queue, AQ_WIRE_GET, 0, channel, "/dev/null", (size_t)(9 + random() % 2));
        break;
    default:
        random_frame(queue, channel);
    }
}

static void drain(int fd)
{
    static char bytes[65536];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

static void a_host_that_babbles_does_no_harm(void **state)
{
    static struct aq_wire_parser parser;
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    struct test_server server = start_server();
    (void)state;
    long before = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        srandom(seed);
        parser = (struct aq_wire_parser){.hunting = true};
        greet_by_hand(server.fd, &queue, &parser);
        if (seed == 1)
            before = peak_memory(server.pid);
        for (int i = 0; i < 60; i++) {
            babble_like_a_host(&queue);
            send_queue(server.fd, &queue);
            drain(server.fd);
        }
    }
    parser = (struct aq_wire_parser){.hunting = true};
    greet_by_hand(server.fd, &queue, &parser);
    assert_true(before > 0);
    assert_true(peak_memory(server.pid) - before <
                40000); /* 64 windows of 256 KiB, and what surrounds them */
    assert_server_ends(&server);
}

/* Input for a command that does not read it, beyond the credit. */
static void a_host_that_floods_is_dropped(void **state)
{
    static struct aq_wire_parser parser;
    static unsigned char payload[AQ_WIRE_PAYLOAD_MAX];
    static const char sleeper[] = "\2\0\0\0\0\0\0\0/\0sleep\0001014";
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    struct test_server server = start_server();
    (void)state;
    parser = (struct aq_wire_parser){.hunting = true};
    greet_by_hand(server.fd, &queue, &parser);
    aq_wire_send(&queue, AQ_WIRE_EXEC, 0, 1, sleeper, sizeof sleeper);
    for (int i = 0; i < 10; i++)
        aq_wire_send(&queue, AQ_WIRE_STDIN, 0, 1, payload, sizeof payload);
    send_queue(server.fd, &queue);
    struct aq_frame frame;
    do
        frame = next_frame(server.fd, &parser);
    while (frame.type == AQ_WIRE_CREDIT);
    assert_int_equal(frame.type, AQ_WIRE_HELLO_ANSWER);
    assert_int_equal(aq_wire_get64(frame.payload), 0);
    assert_server_ends(&server);
}

static void more_operations_than_there_may_be_are_refused(void **state)
{
    static struct aq_wire_parser parser;
    static const char sleeper[] = "\2\0\0\0\0\0\0\0/\0sleep\0001015";
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    struct test_server server = start_server();
    (void)state;
    parser = (struct aq_wire_parser){.hunting = true};
    greet_by_hand(server.fd, &queue, &parser);
    for (unsigned i = 1; i <= AQ_WIRE_CHANNELS + 1; i++)
        aq_wire_send(&queue, AQ_WIRE_EXEC, 0, i, sleeper, sizeof sleeper);
    send_queue(server.fd, &queue);
    struct aq_frame frame = next_frame(server.fd, &parser);
    assert_int_equal(frame.type, AQ_WIRE_ERROR);
    assert_int_equal(frame.channel, AQ_WIRE_CHANNELS + 1);
    assert_server_ends(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_breaks_the_rules_is_dropped),
        cmocka_unit_test(a_flood_fills_no_memory),
        cmocka_unit_test(a_guest_that_babbles_does_no_harm),
        cmocka_unit_test(noise_is_no_greeting),
        cmocka_unit_test(a_host_that_babbles_does_no_harm),
        cmocka_unit_test(a_host_that_floods_is_dropped),
        cmocka_unit_test(more_operations_than_there_may_be_are_refused),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
