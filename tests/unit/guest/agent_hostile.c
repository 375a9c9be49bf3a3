/* SPDX-License-Identifier: MIT */
/* What the real agent cannot be made to do: be missing, be silent, answer nonsense. */
#include "test.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/agent_protocol.h"
#include "guest/channel.h"

static int port_state;

static int say_port_state(void *data)
{
    (void)data;
    return port_state;
}

/* Answers the greeting truly, and what follows with `answer`, `times` over with a pause between them. */
__attribute__((noreturn)) static void play_agent(int fd, const char *answer, size_t length, long times,
                                                 unsigned pause_us)
{
    char line[65536];
    unsigned long long id;
    FILE *in = fdopen(fd, "r");
    const char *found = NULL;
    while (found == NULL && fgets(line, sizeof line, in) != NULL)
        found = strstr(line, "\"id\":");
    if (found == NULL || sscanf(found, "\"id\":%llu", &id) != 1)
        _exit(1);
    dprintf(fd, "half of an old answer\n\xFF{\"return\": 1}\n\xFF{\"return\": %llu}\n", id);
    if (fgets(line, sizeof line, in) == NULL)
        _exit(1);
    for (long i = 0; i < times; i++) {
        if (send(fd, answer, length, MSG_NOSIGNAL) < 0)
            break;
        if (pause_us > 0)
            usleep(pause_us);
    }
    while (fgets(line, sizeof line, in) != NULL)
        ;
    _exit(0);
}

static enum aq_error_code meet_slowly(const char *answer, size_t length, long times, unsigned pause_us)
{
    int ends[2];
    struct aq_error err = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        play_agent(ends[1], answer, length, times, pause_us);
    }
    close(ends[1]);
    struct aq_channel *channel = aq_channel_open_agent(&(struct aq_channel_port){.fd = ends[0]});
    assert_ok(aq_channel_ready(channel, aq_after_ms(20000), &err));
    int result = aq_channel_ping(channel, aq_after_ms(2000), &err);
    assert_true(result == 0 || err.text[0] != '\0');
    aq_channel_close(channel);
    waitpid(pid, NULL, 0);
    return err.code;
}

static enum aq_error_code meet(const char *answer, size_t length, long times)
{
    return meet_slowly(answer, length, times, 0);
}

static enum aq_error_code meet_text(const char *answer)
{
    return meet(answer, strlen(answer), 1);
}

static void nonsense_is_told_from_answers(void **state)
{
    (void)state;
    assert_int_equal(meet_text("{\"return\": {}}\n"), AQ_OK);
    assert_int_equal(meet_text("\n\n\xFF{\"return\": 17}\n{\"return\": {}}\n"), AQ_OK);
    /* As QEMU 7.2's agent answers a greeting that was repeated: first of all it minds the sentinel. */
    assert_int_equal(
        meet_text("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, stray "
                  "'\\u00ff'\"}}\n\xFF{\"return\": 17}\n{\"return\": {}}\n"),
        AQ_OK);
    assert_int_equal(meet_text("{\"return\": {\n"), AQ_E_GUEST_PROTOCOL);
    assert_int_equal(meet_text("[]\n"), AQ_E_GUEST_PROTOCOL);
    assert_int_equal(meet_text("{}\n"), AQ_E_GUEST_PROTOCOL);
    assert_int_equal(meet_text("{\"return\": 1, \"return\": 2}\n"), AQ_E_GUEST_PROTOCOL);
    assert_int_equal(meet_text("{\"return\": \"\xC3\x28\"}\n"), AQ_E_GUEST_PROTOCOL);
    assert_int_equal(meet_text("{\"error\": 5}\n"), AQ_E_GUEST_PROTOCOL);
    assert_int_equal(meet_text("{\"error\": {}}\n"), AQ_E_GUEST_REFUSED);
    assert_int_equal(meet_text("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"x\"}}\n"),
                     AQ_E_AGENT_REFUSED);
    assert_int_equal(
        meet_text("{\"error\": {\"class\": \"GenericError\", \"desc\": \"Command guest-ping has been "
                  "disabled\"}}\n"),
        AQ_E_AGENT_REFUSED);
    assert_int_equal(
        meet_text("{\"error\": {\"class\": \"GenericError\", \"desc\": \"\x1b[2J: No such file or "
                  "directory\"}}\n"),
        AQ_E_GUEST_PROTOCOL); /* a bare control character is no JSON */
    assert_int_equal(
        meet_text("{\"error\": {\"class\": \"GenericError\", \"desc\": \"\\u001b[2J: No such file or "
                  "directory\"}}\n"),
        AQ_E_GUEST_FILE_NOT_FOUND);
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[256] = "{\"return\": ";
    memset(text + 11, '[', 100);
    memset(text + 111, ']', 100);
    strcpy(text + 211, "}\n");
    assert_int_equal(meet_text(text), AQ_E_GUEST_PROTOCOL);
}

static void length_is_limited(void **state)
{
    (void)state;
    char piece[1024];
    memset(piece, 'x', sizeof piece);
    assert_int_equal(meet(piece, sizeof piece, 1 << 20), AQ_E_GUEST_PROTOCOL);
}

static void silence_after_the_greeting_is_noticed(void **state)
{
    (void)state;
    assert_int_equal(meet("", 0, 0), AQ_E_AGENT_DEAD);
}

/* Lines that are skipped, without end: neither the deadline nor the memory may go. */
static void a_flood_of_lines_does_not_hold_a_call(void **state)
{
    static const char *const lines[] = {"\n", "\xFF\n", "\xFF{\"return\": 1}\n", "\n\xFF"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char piece[4096];
        size_t length = strlen(lines[i]);
        size_t filled = 0;
        for (; filled + length <= sizeof piece; filled += length)
            memcpy(piece + filled, lines[i], length);
        assert_int_equal(meet(piece, filled, LONG_MAX), AQ_E_GUEST_PROTOCOL);
    }
}

/* One such line at a time, slowly enough never to be too many. */
static void a_trickle_of_lines_does_not_hold_a_call(void **state)
{
    (void)state;
    aq_deadline start = aq_now();
    assert_int_equal(meet_slowly("\n", 1, LONG_MAX, 1000), AQ_E_AGENT_DEAD);
    assert_true(aq_now() - start < 60000000000LL);
}

/* Never the answer to the greeting, but always something like it. */
static void a_flood_does_not_hold_the_greeting(void **state)
{
    struct aq_error err = {0};
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        char piece[4096];
        close(ends[0]);
        for (size_t i = 0; i < sizeof piece; i += 2)
            memcpy(piece + i, "\xFF{", 2);
        while (send(ends[1], piece, sizeof piece, MSG_NOSIGNAL) > 0)
            ;
        _exit(0);
    }
    close(ends[1]);
    struct aq_channel *channel = aq_channel_open_agent(&(struct aq_channel_port){.fd = ends[0]});
    aq_deadline start = aq_now();
    assert_fails(aq_channel_ready(channel, aq_after_ms(1000), &err), AQ_E_GUEST_NOT_READY);
    assert_true(aq_now() - start < 60000000000LL);
    aq_channel_close(channel);
    waitpid(pid, NULL, 0);
}

static void missing_dead_and_unknown_are_told_apart(void **state)
{
    static const struct {
        int port;
        int wait_ms;
        enum aq_error_code code;
    } cases[] = {{0, 500, AQ_E_AGENT_MISSING},
                 {1, 30000, AQ_E_AGENT_DEAD},
                 {1, 500, AQ_E_GUEST_NOT_READY},
                 {-1, 500, AQ_E_GUEST_NOT_READY}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aq_error err = {0};
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        port_state = cases[i].port;
        struct aq_channel_port port = {.fd = ends[0], .guest_open = say_port_state};
        struct aq_channel *channel =
            i % 2 == 0 ? aq_channel_open_agent(&port) : aq_channel_open_helper(&port);
        aq_deadline start = aq_now();
        assert_fails(aq_channel_ready(channel, aq_after_ms(cases[i].wait_ms), &err), cases[i].code);
        assert_true(aq_now() - start < 15000000000LL);
        aq_channel_close(channel);
        close(ends[1]);
    }
}

static void a_vm_that_ends_is_noticed(void **state)
{
    struct aq_error err = {0};
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    struct aq_channel *channel = aq_channel_open_agent(&(struct aq_channel_port){.fd = ends[0]});
    close(ends[1]);
    assert_fails(aq_channel_ready(channel, aq_after_ms(20000), &err), AQ_E_VM_NOT_RUNNING);
    aq_channel_close(channel);
}

/* Of several the one that answers is taken, and one that has failed does not spoil it. */
static void the_first_that_is_ready_is_taken(void **state)
{
    struct aq_error err = {0};
    int dead[2];
    int alive[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, dead), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, alive), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(alive[0]);
        close(dead[0]);
        close(dead[1]);
        play_agent(alive[1], "", 0, 0, 0);
    }
    close(alive[1]);
    struct aq_channel *channels[3] = {aq_channel_open_helper(&(struct aq_channel_port){.fd = dead[0]}), NULL,
                                      aq_channel_open_agent(&(struct aq_channel_port){.fd = alive[0]})};
    close(dead[1]);
    assert_int_equal(aq_channel_first_ready(channels, 3, aq_after_ms(20000), &err), 2);
    assert_fails(aq_channel_first_ready(channels, 2, aq_after_ms(20000), &err), AQ_E_VM_NOT_RUNNING);
    assert_fails(aq_channel_first_ready(channels + 1, 1, aq_after_ms(20000), &err), AQ_E_AGENT_MISSING);
    aq_channel_close(channels[0]);
    aq_channel_close(channels[2]);
    waitpid(pid, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_told_from_answers),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(silence_after_the_greeting_is_noticed),
        cmocka_unit_test(a_flood_of_lines_does_not_hold_a_call),
        cmocka_unit_test(a_trickle_of_lines_does_not_hold_a_call),
        cmocka_unit_test(a_flood_does_not_hold_the_greeting),
        cmocka_unit_test(missing_dead_and_unknown_are_told_apart),
        cmocka_unit_test(a_vm_that_ends_is_noticed),
        cmocka_unit_test(the_first_that_is_ready_is_taken),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
