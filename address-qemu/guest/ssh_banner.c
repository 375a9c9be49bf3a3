/* SPDX-License-Identifier: MIT */
#include "guest/ssh_banner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"

/* QEMU's user network accepts a connection before the guest is there and then keeps its SYN in back-off for
   up to 19 s. So several are opened, one every TRY_EVERY_MS, and the first that says something decides. */
enum { TRY_EVERY_MS = 400, TRIES = 64 };

static const char banner[] = "SSH-";
enum { BANNER_LENGTH = sizeof banner - 1 };

struct tries {
    struct pollfd fds[TRIES];
    size_t said[TRIES]; /* how much of the banner has come */
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
        memmove(tries->said, tries->said + 1, (TRIES - 1) * sizeof *tries->said);
        tries->count--;
    }
    tries->said[tries->count] = 0;
    tries->fds[tries->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Takes what one of them says, so that it does not become readable again for the same bytes. False when it
   has ended, or is no SSH server. */
static bool listen_to(int fd, size_t *said)
{
    char bytes[BANNER_LENGTH];
    ssize_t got = recv(fd, bytes, BANNER_LENGTH - *said, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0 || memcmp(bytes, banner + *said, (size_t)got) != 0)
        return false;
    *said += (size_t)got;
    return true;
}

/* Looks at what has become readable: true when one of them is an SSH server; those that are none are dropped.
 */
static bool answered(struct tries *tries)
{
    unsigned kept = 0;
    bool found = false;
    for (unsigned i = 0; i < tries->count; i++) {
        struct pollfd *one = &tries->fds[i];
        size_t said = tries->said[i];
        if (one->revents != 0 && !listen_to(one->fd, &said)) {
            aq_cleanup_close(&one->fd);
            continue;
        }
        found = found || said == BANNER_LENGTH;
        tries->fds[kept] = *one;
        tries->said[kept++] = said;
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
