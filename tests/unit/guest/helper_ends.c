/* SPDX-License-Identifier: MIT */
/* How a command through the helper ends that does not end by itself: with all that it has started, whichever
 * side goes. */
#include "guest-server.h"

#include <stdlib.h>

#include "dead.h"
#include "guest/helper_session.h"

static const char tree_script[] =
    "echo $$ >>\"$1\"; sleep 1000 & echo $! >>\"$1\"; setsid sleep 1001 & echo $! >>\"$1\";"
    "(setsid sh -c 'echo $$ >>\"$0\"; sleep 1002 & echo $! >>\"$0\"; wait' \"$1\" >/dev/null 2>&1 &);"
    "while [ $(wc -l <\"$1\") -lt 5 ]; do sleep 0.1; done; echo planted; wait; sleep 1003";

static void when_planted(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    (void)stream;
    (void)bytes;
    (void)length;
    void (*then)(void) = (void (*)(void))(uintptr_t)data;
    then();
}

static int run_tree(struct aq_channel *channel, const char *list, aq_deadline deadline, void (*then)(void),
                    struct aq_error *err)
{
    char path[4096];
    char here[3000];
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_non_null(getcwd(here, sizeof here));
    snprintf(path, sizeof path, "%s/%s", here, list);
    const char *const argv[] = {"/bin/sh", "-c", tree_script, "sh", path, NULL};
    struct aq_guest_exec exec = {.argv = argv, .deadline = deadline};
    if (then != NULL) {
        exec.on_output = when_planted;
        exec.on_output_data = (void *)(uintptr_t)then;
    }
    return aq_channel_exec(channel, &exec, &exit, err);
}

static void ends_the_whole_tree_at_the_timeout(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_fails(run_tree(fixture->channel, "timeout", aq_after_ms(3000), NULL, &err), AQ_E_COMMAND_TIMEOUT);
    assert_true(count_dead("timeout") >= 3);
    assert_ok(run_shell(fixture->channel, "echo still here", 0, &exit, &err));
    assert_string_equal(aq_buffer_text(&exit.output), "still here\n");
}

static void keeps_what_was_said_before_the_timeout(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_fails(run_shell(fixture->channel, "echo early; sleep 1000", aq_after_ms(1500), &exit, &err),
                 AQ_E_COMMAND_TIMEOUT);
    assert_string_equal(aq_buffer_text(&exit.output), "early\n");
}

static void ends_the_tree_when_interrupted(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    assert_fails(run_tree(fixture->channel, "interrupted", 0, aq_interrupt, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    assert_true(count_dead("interrupted") >= 3);
    assert_ok(aq_channel_ping(fixture->channel, aq_after_ms(20000), &err));
}

static pid_t doomed_server;

static void kill_server(void)
{
    kill(doomed_server, SIGKILL);
}

/* A killed server takes its commands along, and its end of a socket gives a hang-up (a port gives none). */
static void ends_the_tree_when_the_server_is_killed(void **state)
{
    struct test_server server = start_server();
    aq_autochannel struct aq_channel *channel = open_helper_on(&server);
    struct aq_error err = {0};
    (void)state;
    doomed_server = server.pid;
    assert_fails(run_tree(channel, "killed", 0, kill_server, &err), AQ_E_VM_NOT_RUNNING);
    waitpid(server.pid, NULL, 0);
    assert_true(count_dead("killed") >= 3);
}

static void stop_server(void)
{
    kill(doomed_server, SIGSTOP);
}

static void notices_a_server_that_has_gone_silent(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    doomed_server = fixture->server.pid;
    ((struct aq_helper *)fixture->channel)->ping_after_ms = 500;
    ((struct aq_helper *)fixture->channel)->patience_ms = 1000;
    assert_fails(run_tree(fixture->channel, "silent", 0, stop_server, &err), AQ_E_AGENT_DEAD);
    assert_fails(aq_channel_ping(fixture->channel, aq_after_ms(500), &err), AQ_E_GUEST_NOT_READY);
    kill(doomed_server, SIGCONT);
    assert_ok(aq_channel_ping(fixture->channel, aq_after_ms(20000), &err));
    assert_true(count_dead("silent") >= 3); /* the new session has ended the old one's command */
}

/* As happens on a port, whose other end stays when a server is killed and another takes its place. */
static void takes_no_notice_of_a_restart_in_between(void **state)
{
    struct aq_error err = {0};
    int ends[2];
    struct test_server servers[2];
    struct aq_channel *channel = NULL;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    for (int i = 0; i < 2; i++) {
        servers[i] = (struct test_server){.fd = -1, .pid = fork()};
        if (servers[i].pid == 0) {
            close(ends[0]);
            aq_identity_init();
            aq_guest_serve_port(ends[1]);
            _exit(0);
        }
        if (i == 0)
            channel = aq_channel_open_helper(&(struct aq_channel_port){.fd = ends[0]});
        else
            assert_int_equal(aq_wait_fd(ends[0], POLLIN, aq_after_ms(20000), &err), 1);
        assert_ok(aq_channel_ping(channel, aq_after_ms(20000), &err));
        if (i == 0) {
            kill(servers[i].pid, SIGKILL);
            waitpid(servers[i].pid, NULL, 0);
        }
    }
    close(ends[1]);
    aq_channel_close(channel);
    assert_server_ends(&servers[1]);
}

static void ends_the_tree_when_the_host_hangs_up(void **state)
{
    struct test_server server = start_server();
    int ends = dup(server.fd);
    pid_t host = fork();
    (void)state;
    if (host == 0) {
        struct aq_error err = {0};
        close(ends);
        struct aq_channel *channel = open_helper_on(&server);
        run_tree(channel, "vanished", 0, NULL, &err);
        _exit(0);
    }
    close(server.fd);
    server.fd = -1;
    for (int i = 0; i < 500; i++) {
        FILE *list = fopen("vanished", "re");
        int lines = 0;
        for (int c; list != NULL && (c = getc(list)) != EOF;)
            lines += c == '\n';
        if (list != NULL)
            fclose(list);
        if (lines == 5)
            break;
        usleep(20000);
    }
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
    close(ends);
    assert_server_ends(&server);
    assert_true(count_dead("vanished") >= 3);
}

static void leaves_what_a_command_put_in_the_background(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(run_shell(fixture->channel, "sleep 1000 & echo $!", aq_after_ms(60000), &exit, &err));
    pid_t left = atoi(aq_buffer_text(&exit.output));
    assert_true(left > 0);
    assert_int_equal(kill(left, 0), 0);
    kill(left, SIGKILL);
}

#define with_server(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_server(ends_the_whole_tree_at_the_timeout),
        with_server(keeps_what_was_said_before_the_timeout),
        with_server(ends_the_tree_when_interrupted),
        cmocka_unit_test(ends_the_tree_when_the_server_is_killed),
        with_server(notices_a_server_that_has_gone_silent),
        cmocka_unit_test(takes_no_notice_of_a_restart_in_between),
        cmocka_unit_test(ends_the_tree_when_the_host_hangs_up),
        with_server(leaves_what_a_command_put_in_the_background),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
