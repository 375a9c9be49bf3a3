/* SPDX-License-Identifier: MIT */
/* tests/support/web-server as the other side of downloads. */
#ifndef AQ_TEST_WEB_H
#define AQ_TEST_WEB_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "util/memory.h"

struct web {
    pid_t pid;
    int input;
    int output;
    int port;
};

/* The next line it prints: its port, then requests: "GET /path range if-range". */
static inline const char *web_request(struct web *web)
{
    static char line[1024];
    struct pollfd output = {.fd = web->output, .events = POLLIN};
    for (size_t length = 0; length < sizeof line; length++) {
        if (poll(&output, 1, 60000) != 1 || read(web->output, &line[length], 1) != 1)
            fail_msg("the server says nothing");
        if (line[length] == '\n') {
            line[length] = '\0';
            return line;
        }
    }
    fail_msg("the server says too much");
    return NULL;
}

/* Starts it; `certificate` and `key` are files, or NULL for plain HTTP. */
static inline void web_start(struct web *web, const char *certificate, const char *key)
{
    int to[2], from[2];
    aq_autofree char *program = aq_format("%s/tests/support/web-server", getenv("SOURCE_DIR"));
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    web->pid = fork();
    assert_true(web->pid >= 0);
    if (web->pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        execl(program, "web-server", certificate != NULL ? "--tls" : NULL, certificate, key, NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    web->input = to[1];
    web->output = from[0];
    web->port = atoi(web_request(web));
}

static inline void web_stop(struct web *web)
{
    close(web->input);
    close(web->output);
    waitpid(web->pid, NULL, 0);
}

/* As BODY is made in it. */
static inline void web_body(size_t size, struct aq_buffer *body)
{
    for (size_t i = 0; i < size; i++)
        aq_buffer_add_char(body, (char)((i % 256) * 2654435761U >> 9));
}

#endif
