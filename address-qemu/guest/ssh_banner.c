/* SPDX-License-Identifier: MIT */
#include "guest/ssh_banner.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"

/* QEMU's user network accepts a connection before the guest is there and then keeps its SYN in back-off for
   up to 19 s. So several are opened, one every TRY_EVERY_MS, and the first that says something decides. */
enum { TRY_EVERY_MS = 400, TRIES = 64 };

struct tries {
    struct pollfd fds[TRIES];
    unsigned count;
};

static void tries_close(struct tries *tries)
{
    for (unsigned i = 0; i < tries->count; i++)
        aq_cleanup_close(&tries->fds[i].fd);
}

/* Opens one more; when there are many, the oldest makes room. */
static void try_again(struct tries *tries, const struct sockaddr_in *peer)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    (void)connect(fd, (const struct sockaddr *)peer, sizeof *peer); /* goes on; poll() tells how it went */
    if (tries->count == TRIES) {
        aq_cleanup_close(&tries->fds[0].fd);
        memmove(tries->fds, tries->fds + 1, (TRIES - 1) * sizeof *tries->fds);
        tries->count--;
    }
    tries->fds[tries->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Looks at what has become readable: true when one of them is an SSH server; those that ended are dropped. */
static bool answered(struct tries *tries)
{
    unsigned kept = 0;
    bool found = false;
    for (unsigned i = 0; i < tries->count; i++) {
        char banner[4];
        ssize_t got =
            tries->fds[i].revents != 0 ? recv(tries->fds[i].fd, banner, sizeof banner, MSG_PEEK) : -2;
        if (got == 4 && memcmp(banner, "SSH-", 4) == 0)
            found = true;
        if (got == -2 || got > 0)
            tries->fds[kept++] = tries->fds[i];
        else
            aq_cleanup_close(&tries->fds[i].fd);
    }
    tries->count = kept;
    return found;
}

int aq_ssh_wait_banner(const char *address, uint16_t port, aq_deadline deadline, struct aq_error *err)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &peer.sin_addr) != 1)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s is not an IPv4 address", address);
    aq_cleanup(tries_close) struct tries tries = {0};
    while (aq_ms_left(deadline) > 0) {
        try_again(&tries, &peer);
        aq_deadline next = aq_after_ms(TRY_EVERY_MS);
        while (aq_ms_left(next) > 0) {
            if (aq_poll(tries.fds, tries.count, next < deadline ? next : deadline, err) < 0)
                return -1;
            if (answered(&tries))
                return 0;
            if (aq_ms_left(deadline) == 0)
                break;
        }
    }
    return aq_fail(err, AQ_E_TIMEOUT, "no SSH server has answered at %s:%u", address, port);
}
