/* SPDX-License-Identifier: MIT */
/* The real server of guest/server/ at the other end of a socketpair, in a process of its own. */
#ifndef AQ_TEST_GUEST_SERVER_H
#define AQ_TEST_GUEST_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/channel.h"
#include "guest/server/identity.h"
#include "guest/server/server.h"
#include "test.h"

struct test_server {
    int fd; /* our end; -1 when a channel has it */
    pid_t pid;
};

static inline struct test_server start_server(void)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    struct test_server server = {.fd = ends[0], .pid = fork()};
    assert_true(server.pid >= 0);
    if (server.pid == 0) {
        close(ends[0]);
        aq_identity_init();
        aq_guest_serve_port(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    return server;
}

/* It has ended by itself, as it does when its socket is closed. */
static inline void assert_server_ends(struct test_server *server)
{
    int status;
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
    assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline struct aq_channel *open_helper_on(struct test_server *server)
{
    struct aq_channel_port port = {.fd = server->fd};
    server->fd = -1;
    return aq_channel_open_helper(&port);
}

/* For cmocka's set-up and tear-down: *state is a struct helper_fixture. */
struct helper_fixture {
    struct test_server server;
    struct aq_channel *channel;
};

static inline int open_fixture(void **state)
{
    static struct helper_fixture fixture;
    fixture.server = start_server();
    fixture.channel = open_helper_on(&fixture.server);
    *state = &fixture;
    return 0;
}

static inline int close_fixture(void **state)
{
    struct helper_fixture *fixture = *state;
    aq_channel_close(fixture->channel);
    assert_server_ends(&fixture->server);
    return 0;
}

/* Runs a line of shell with everything captured. */
static inline int run_shell(struct aq_channel *channel, const char *text, aq_deadline deadline,
                            struct aq_guest_exit *exit, struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", text, NULL};
    struct aq_guest_exec exec = {.argv = argv, .deadline = deadline, .capture_limit = 1 << 20};
    return aq_channel_exec(channel, &exec, exit, err);
}

#endif
