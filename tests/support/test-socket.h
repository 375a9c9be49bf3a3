/* SPDX-License-Identifier: MIT */
/* A listener on the loopback that says one thing to whoever connects, keeps the connection, and says no more.
 */
#ifndef AQ_TEST_SOCKET_H
#define AQ_TEST_SOCKET_H

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

struct speaker {
    uint16_t port;
    pid_t pid;
};

static inline struct speaker start_speaker(const char *said)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(listen(fd, 64), 0);
    fflush(NULL);
    struct speaker speaker = {.port = ntohs(address.sin_port), .pid = fork()};
    if (speaker.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
            send(peer, said, strlen(said), MSG_NOSIGNAL);
        }
    }
    close(fd);
    return speaker;
}

static inline void stop_speaker(const struct speaker *speaker)
{
    kill(speaker->pid, SIGKILL);
    waitpid(speaker->pid, NULL, 0);
}

#endif
