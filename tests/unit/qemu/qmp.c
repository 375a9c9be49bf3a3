/* SPDX-License-Identifier: MIT */
/* The monitor's client against peers that are not QEMU: hostile, broken, silent. The real one is in launch.c.
 */
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu/qmp.h"
#include "util/json.h"
#include "util/memory.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"
#define NEGOTIATED "{\"return\": {}, \"id\": 1}\r\n"

/* Long enough for any machine, for what has to come; short, for what must not. */
#define HANG 60000
#define MOMENT 50

/* One end for the client; the other is ours and has `said` written to it already. */
static struct aq_qemu_connection peer_that_said(const char *said, int *peer)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    size_t length = strlen(said);
    assert_int_equal(write(ends[1], said, length), length);
    *peer = ends[1];
    return (struct aq_qemu_connection){.fd = ends[0], .lock = -1};
}

static struct aq_qmp *open_negotiated(const char *more, int *peer)
{
    struct aq_error err = {0};
    aq_autofree char *said = aq_format("%s%s%s", GREETING, NEGOTIATED, more);
    struct aq_qemu_connection connection = peer_that_said(said, peer);
    struct aq_qmp *qmp = aq_qmp_open(&connection, aq_after_ms(HANG), &err);
    if (qmp == NULL)
        fail_msg("%s", err.text);
    return qmp;
}

static void say(int peer, const char *text)
{
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

/* Opens, expects that to fail, and gives the connection's end back as it should. */
static void expect_refused(const char *said, int hang_up, int64_t patience, enum aq_error_code code)
{
    struct aq_error err = {0};
    int peer;
    struct aq_qemu_connection connection = peer_that_said(said, &peer);
    if (hang_up)
        shutdown(peer, SHUT_WR);
    struct aq_qmp *qmp = aq_qmp_open(&connection, aq_after_ms(patience), &err);
    assert_null(qmp);
    assert_fails(-1, code);
    assert_int_equal(connection.fd, -1);
    char rest[256];
    while (read(peer, rest, sizeof rest) > 0) /* ends only if the client closed its end */
        ;
    close(peer);
}

static void bad_greetings_are_refused(void **state)
{
    (void)state;
    expect_refused("", 0, MOMENT, AQ_E_TIMEOUT);
    expect_refused("", 1, HANG, AQ_E_VM_NOT_RUNNING);
    expect_refused("{\"QMP\": {\"ver", 1, HANG, AQ_E_VM_NOT_RUNNING);
    expect_refused("{\"QMP\": {\"ver", 0, MOMENT, AQ_E_TIMEOUT);
    expect_refused("SSH-2.0-OpenSSH_9.2\r\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused("\xff\xfe\xfd\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused("[]\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused("{\"QMP\": 1}\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused("{\"return\": {}}\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused(GREETING, 0, MOMENT, AQ_E_TIMEOUT);
    expect_refused(GREETING, 1, HANG, AQ_E_VM_NOT_RUNNING);
    expect_refused(GREETING "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}, \"id\": 1}\n", 0,
                   HANG, AQ_E_QMP_FAILED);
    expect_refused(GREETING "{\"return\": {}, \"id\": 7}\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused(GREETING "{\"return\": {}, \"id\": \"1\"}\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused(GREETING "{}\n", 0, HANG, AQ_E_QMP_FAILED);
    expect_refused(GREETING "{\"return\": {}, \"error\": {}, \"id\": 1}\n", 0, HANG, AQ_E_QMP_FAILED);
}

static void deep_json_is_refused(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer text = {0};
    for (int i = 0; i < 60000; i++)
        aq_buffer_add_text(&text, i % 2 == 0 ? "{\"a\":" : "[");
    aq_buffer_add_char(&text, '\n');
    expect_refused(text.data, 0, HANG, AQ_E_QMP_FAILED);
}

/* A child that writes the same bytes again and again until nobody reads any more. */
static pid_t flood(int peer, const char *chunk)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (int fd = 3; fd < 64; fd++) /* the client's end among them, or the pipe would never break */
            if (fd != peer)
                close(fd);
        for (;;)
            if (write(peer, chunk, strlen(chunk)) < 0)
                _exit(0);
    }
    return pid;
}

static void endless_line_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    struct aq_qmp *qmp = open_negotiated("{\"event\": \"", &peer);
    pid_t flooder =
        flood(peer, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    assert_fails(aq_qmp_command(qmp, "query-status", NULL, aq_after_ms(HANG), NULL, &err), AQ_E_QMP_FAILED);
    aq_qmp_close(qmp);
    close(peer);
    assert_int_equal(waitpid(flooder, NULL, 0), flooder);
}

/* Neither empty lines nor events without end may hold a command beyond its deadline. */
static void floods_do_not_outlast_the_deadline(void **state)
{
    (void)state;
    static const char *const chunks[] = {"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
                                         "{\"event\": \"NOISE\", \"data\": {}}\r\n",
                                         "{\"return\": {}, \"id\": 1}\r\n"};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        struct aq_error err = {0};
        int peer;
        struct aq_qmp *qmp = open_negotiated("", &peer);
        pid_t flooder = flood(peer, chunks[i]);
        assert_fails(aq_qmp_command(qmp, "query-status", NULL, aq_after_ms(MOMENT), NULL, &err),
                     AQ_E_TIMEOUT);
        assert_int_equal(aq_qmp_wait_event(qmp, "STOP", aq_after_ms(MOMENT), NULL, &err), 0);
        aq_qmp_close(qmp);
        close(peer);
        assert_int_equal(waitpid(flooder, NULL, 0), flooder);
    }
}

static void a_peer_that_does_not_read_times_out(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    struct aq_qmp *qmp = open_negotiated("", &peer);
    aq_autofree char *much = aq_alloc(8 << 20);
    memset(much, 'x', (8 << 20) - 1);
    assert_fails(
        aq_qmp_command(qmp, "big", json_pack("{s:s}", "text", much), aq_after_ms(MOMENT), NULL, &err),
        AQ_E_TIMEOUT);
    aq_qmp_close(qmp);
    close(peer);
}

static void a_peer_that_is_gone_is_told(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    struct aq_qmp *qmp = open_negotiated("", &peer);
    close(peer);
    assert_fails(aq_qmp_command(qmp, "query-status", NULL, aq_after_ms(HANG), NULL, &err),
                 AQ_E_VM_NOT_RUNNING);
    assert_fails(aq_qmp_wait_event(qmp, "STOP", aq_after_ms(HANG), NULL, &err), AQ_E_VM_NOT_RUNNING);
    aq_qmp_close(qmp);
}

static void answers_are_matched_to_commands(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    struct aq_qmp *qmp = open_negotiated("", &peer);
    assert_fails(aq_qmp_command(qmp, "slow", NULL, aq_after_ms(MOMENT), NULL, &err), AQ_E_TIMEOUT);
    say(peer, "{\"event\": \"STOP\", \"timestamp\": {}}\r\n{\"return\": \"late\", \"id\": 2}\r\n"
              "{\"event\": \"RESUME\", \"data\": {\"n\": 1}}\r\n{\"return\": \"right\", \"id\": 3}\r\n");
    aq_autojson json_t *answer = NULL;
    assert_ok(aq_qmp_command(qmp, "query", json_pack("{s:i}", "x", 1), aq_after_ms(HANG), &answer, &err));
    assert_string_equal(json_string_value(answer), "right");

    aq_autojson json_t *data = NULL;
    say(peer, "{\"event\": \"FIRST\", \"timestamp\": {}}\r\n{\"event\": \"SECOND\", \"timestamp\": {}}\r\n");
    assert_int_equal(aq_wait_fd(aq_qmp_descriptor(qmp), POLLIN, aq_after_ms(HANG), &err), 1);
    assert_int_equal(aq_qmp_wait_event(qmp, "SECOND", aq_now(), NULL, &err),
                     1); /* of two that came at once */
    assert_int_equal(aq_qmp_wait_event(qmp, "RESUME", aq_after_ms(HANG), &data, &err), 1);
    assert_int_equal(aq_json_int(data, "n", 0), 1);
    assert_int_equal(aq_qmp_wait_event(qmp, "RESUME", aq_after_ms(MOMENT), NULL, &err), 0);
    aq_qmp_forget_events(qmp);
    assert_int_equal(aq_qmp_wait_event(qmp, "STOP", aq_after_ms(MOMENT), NULL, &err), 0);

    char sent[512] = "";
    assert_true(read(peer, sent, sizeof sent - 1) > 0);
    assert_non_null(strstr(sent, "{\"execute\":\"query\",\"id\":3,\"arguments\":{\"x\":1}}\n"));
    aq_qmp_close(qmp);
    close(peer);
}

static void errors_carry_the_command_and_the_words(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    struct aq_qmp *qmp = open_negotiated(
        "{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}}\n", &peer);
    assert_int_equal(aq_qmp_command(qmp, "device_add", NULL, aq_after_ms(HANG), NULL, &err), -1);
    assert_int_equal(err.code, AQ_E_QMP_FAILED);
    assert_string_equal(err.text, "QEMU refused device_add: no such thing (GenericError)");
    err = (struct aq_error){0};
    say(peer, "{\"id\": 3, \"error\": {\"class\": \"GenericError\", \"desc\": \"No room: No space left on "
              "device\"}}\n");
    assert_fails(aq_qmp_command(qmp, "block_resize", NULL, aq_after_ms(HANG), NULL, &err), AQ_E_NO_SPACE);
    aq_qmp_close(qmp);
    close(peer);
}

static void an_interruption_ends_a_wait(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    struct aq_qmp *qmp = open_negotiated("", &peer);
    aq_interrupt();
    assert_fails(aq_qmp_command(qmp, "query-status", NULL, AQ_FOREVER, NULL, &err), AQ_E_INTERRUPTED);
    assert_fails(aq_qmp_wait_event(qmp, "STOP", AQ_FOREVER, NULL, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    aq_qmp_close(qmp);
    close(peer);
}

/* What is sent before QEMU is there is answered, in its order, when it is. */
static void commands_can_be_sent_ahead(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    aq_autojson json_t *commands =
        json_pack("[{s:s, s:{s:b}}, {s:s}]", "execute", "first", "arguments", "on", 1, "execute", "second");
    struct aq_qemu_connection connection = peer_that_said("", &peer);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_open_ahead(&connection, commands, &err);
    assert_non_null(qmp);
    char sent[512];
    ssize_t length = read(peer, sent, sizeof sent - 1);
    assert_true(length > 0);
    sent[length] = '\0';
    const char *first = strstr(sent, "\"first\""), *second = strstr(sent, "\"second\"");
    assert_non_null(strstr(sent, "qmp_capabilities"));
    assert_true(first != NULL && second > first);

    say(peer, GREETING NEGOTIATED "{\"return\": {}, \"id\": 2}\n{\"event\": \"RESUME\"}\n");
    say(peer, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not so\"}, \"id\": 3}\n");
    assert_int_equal(aq_qmp_take_ahead(qmp, commands, aq_after_ms(HANG), &err), -1);
    assert_non_null(strstr(err.text, "second"));
    assert_non_null(strstr(err.text, "not so"));
    assert_fails(-1, AQ_E_QMP_FAILED);
    assert_int_equal(aq_qmp_wait_event(qmp, "RESUME", aq_after_ms(HANG), NULL, &err), 1);
    close(peer);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_greetings_are_refused),
        cmocka_unit_test(deep_json_is_refused),
        cmocka_unit_test(endless_line_is_refused),
        cmocka_unit_test(floods_do_not_outlast_the_deadline),
        cmocka_unit_test(a_peer_that_does_not_read_times_out),
        cmocka_unit_test(a_peer_that_is_gone_is_told),
        cmocka_unit_test(answers_are_matched_to_commands),
        cmocka_unit_test(errors_carry_the_command_and_the_words),
        cmocka_unit_test(an_interruption_ends_a_wait),
        cmocka_unit_test(commands_can_be_sent_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
