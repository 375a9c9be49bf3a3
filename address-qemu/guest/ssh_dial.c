/* SPDX-License-Identifier: MIT */
#include "guest/ssh_dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/memory.h"
#include "util/resolve.h"

enum {
    TRIES = 64,
    FIRST_PAUSE_MS =
        400, /* between two tries at a forwarded port; it grows, for a slow guest has to answer all */
    LAST_PAUSE_MS = 2000,
    NEXT_ADDRESS_MS = 2000, /* how long one address of a host may be silent before the next is tried too */
    TICK_MS = 250,
};

static const char banner[] = "SSH-";
enum { BANNER_LENGTH = sizeof banner - 1 };

/* What a try has come to; the later ones tell more of the server. */
enum outcome { PENDING, UNREACHABLE, CLOSED, NO_SSH, FOUND };

struct aq_ssh_dial {
    struct aq_ssh_address to;
    char *host; /* to.host is this */
    int epoll;
    struct aq_resolve *resolve; /* NULL when the addresses are known */
    struct aq_address addresses[AQ_ADDRESSES_MAX];
    unsigned address_count, next_address;
    int tries[TRIES];
    unsigned count;
    int64_t pause_ms;
    aq_deadline next;   /* when another try is due */
    enum outcome worst; /* what the tries that have failed came to */
    int reason;         /* errno of UNREACHABLE */
};

static struct aq_ssh_dial *new_dial(const struct aq_ssh_address *to)
{
    struct aq_ssh_dial *dial = aq_alloc(sizeof *dial);
    dial->to = *to;
    dial->to.host = dial->host = aq_strdup(to->host);
    dial->epoll = epoll_create1(EPOLL_CLOEXEC);
    dial->pause_ms = FIRST_PAUSE_MS;
    return dial;
}

struct aq_ssh_dial *aq_ssh_dial_open(const struct aq_ssh_address *to)
{
    struct aq_ssh_dial *dial = new_dial(to);
    dial->resolve = aq_resolve_start(to->host, to->port);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(dial->epoll, EPOLL_CTL_ADD, aq_resolve_fd(dial->resolve), &event);
    return dial;
}

int aq_ssh_dial_fd(const struct aq_ssh_dial *dial)
{
    return dial->epoll;
}

static void drop(struct aq_ssh_dial *dial, unsigned index)
{
    close(dial->tries[index]); /* which takes it out of the epoll too */
    memmove(dial->tries + index, dial->tries + index + 1, (dial->count - index - 1) * sizeof *dial->tries);
    dial->count--;
}

static void note(struct aq_ssh_dial *dial, enum outcome outcome, int reason)
{
    if (outcome < dial->worst)
        return;
    dial->worst = outcome;
    dial->reason = reason;
}

/* Not readable before the whole banner is there, so that nobody is woken for a part of it again and again. */
static int open_try(struct aq_ssh_dial *dial, const struct aq_address *address)
{
    static const int all = BANNER_LENGTH, at_once = 1;
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &all, sizeof all);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (connect(fd, (const struct sockaddr *)&address->socket, address->length) == 0 || errno == EINPROGRESS)
        return fd;
    int reason = errno;
    note(dial, reason == ECONNREFUSED ? CLOSED : UNREACHABLE, reason);
    close(fd);
    return -1;
}

/* Opens one more, to the next address; when there are many, the oldest makes room. */
static void try_again(struct aq_ssh_dial *dial)
{
    if (dial->count == TRIES)
        drop(dial, 0);
    int fd = open_try(dial, &dial->addresses[dial->next_address++ % dial->address_count]);
    if (fd < 0)
        return;
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(dial->epoll, EPOLL_CTL_ADD, fd, &event);
    dial->tries[dial->count++] = fd;
}

/* Looks at what a try has to say, and leaves it there for whoever takes it. */
static enum outcome look(int fd, int *reason)
{
    char bytes[BANNER_LENGTH];
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0) {
        *reason = errno;
        if (errno == EAGAIN || errno == EINTR)
            return PENDING;
        return errno == ECONNREFUSED || errno == ECONNRESET ? CLOSED : UNREACHABLE;
    }
    if (got == 0)
        return CLOSED;
    if (memcmp(bytes, banner, (size_t)got) != 0)
        return NO_SSH;
    if (got == BANNER_LENGTH)
        return FOUND;
    struct pollfd ended = {.fd = fd, .events = POLLRDHUP}; /* no more will come */
    return poll(&ended, 1, 0) > 0 ? NO_SSH : PENDING;
}

/* The connection of a try that has found a server; -1 when none has. Those that have failed are dropped. */
static int look_at_all(struct aq_ssh_dial *dial)
{
    for (unsigned i = 0; i < dial->count;) {
        int reason = 0;
        enum outcome outcome = look(dial->tries[i], &reason);
        if (outcome == PENDING) {
            i++;
            continue;
        }
        if (outcome == FOUND) {
            static const int any = 1;
            int fd = dial->tries[i];
            epoll_ctl(dial->epoll, EPOLL_CTL_DEL, fd, NULL);
            setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &any, sizeof any);
            dial->tries[i] = dial->tries[--dial->count];
            return fd;
        }
        note(dial, outcome, reason);
        drop(dial, i);
    }
    return -1;
}

/* There are no addresses, so it is the only try. */
struct aq_ssh_dial *aq_ssh_dial_through(const struct aq_ssh_address *to, int connection)
{
    static const int all = BANNER_LENGTH;
    struct aq_ssh_dial *dial = new_dial(to);
    struct epoll_event event = {.events = EPOLLIN};
    dial->to.booting = dial->to.forwarded = false;
    fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK);
    setsockopt(connection, SOL_SOCKET, SO_RCVLOWAT, &all, sizeof all);
    epoll_ctl(dial->epoll, EPOLL_CTL_ADD, connection, &event);
    dial->tries[dial->count++] = connection;
    return dial;
}

static int take_addresses(struct aq_ssh_dial *dial, struct aq_error *err)
{
    int count = aq_resolve_take(dial->resolve, dial->addresses, err);
    if (count <= 0)
        return count;
    dial->address_count = (unsigned)count;
    epoll_ctl(dial->epoll, EPOLL_CTL_DEL, aq_resolve_fd(dial->resolve), NULL);
    aq_resolve_close(dial->resolve);
    dial->resolve = NULL;
    return 1;
}

/* Is it time for another try? Each address of a host has one; a forwarded port, and a server that is about to
   start, has one after another. */
static bool another_is_due(const struct aq_ssh_dial *dial)
{
    bool again = dial->to.booting || dial->to.forwarded || dial->next_address < dial->address_count;
    bool failed = dial->count == 0 && dial->next_address < dial->address_count;
    return again && (failed || aq_ms_left(dial->next) == 0);
}

static void set_next(struct aq_ssh_dial *dial)
{
    dial->next = aq_after_ms(dial->to.forwarded || dial->to.booting ? dial->pause_ms : NEXT_ADDRESS_MS);
    dial->pause_ms = dial->pause_ms * 3 / 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : dial->pause_ms * 3 / 2;
}

int aq_ssh_dial_step(struct aq_ssh_dial *dial, int *connection, struct aq_error *err)
{
    if (dial->resolve != NULL) {
        int known = take_addresses(dial, err);
        if (known <= 0)
            return known;
    }
    *connection = look_at_all(dial);
    if (*connection >= 0)
        return 1;
    /* A definite answer stands, unless the server may be about to start. */
    if (dial->count == 0 && dial->worst != PENDING && !dial->to.booting &&
        dial->next_address >= dial->address_count)
        return aq_ssh_dial_verdict(dial, err);
    if (another_is_due(dial)) {
        try_again(dial);
        set_next(dial);
    }
    return 0;
}

int aq_ssh_dial_verdict(const struct aq_ssh_dial *dial, struct aq_error *err)
{
    const char *host = dial->to.host;
    unsigned port = dial->to.port;
    switch (dial->worst) {
    case UNREACHABLE:
        return aq_fail_errno(err, AQ_E_SSH_UNREACHABLE, dial->reason, "cannot connect to %s, port %u", host,
                             port);
    case CLOSED:
        return aq_fail(err, AQ_E_SSH_CLOSED, "%s, port %u: %s", host, port,
                       dial->to.forwarded ? "the guest's SSH port, where this leads, is closed: no server "
                                            "listens there"
                                          : "no SSH server listens there");
    case NO_SSH:
        return aq_fail(err, AQ_E_SSH_PROTOCOL, "%s, port %u: what answers there is no SSH server", host,
                       port);
    default:
        return aq_fail(err, AQ_E_SSH_SILENT, "no SSH server has answered at %s, port %u", host, port);
    }
}

void aq_ssh_dial_close(struct aq_ssh_dial *dial)
{
    if (dial == NULL)
        return;
    while (dial->count > 0)
        drop(dial, dial->count - 1);
    aq_resolve_close(dial->resolve);
    close(dial->epoll);
    free(dial->host);
    free(dial);
}

static void cleanup_dial(struct aq_ssh_dial **dial)
{
    aq_ssh_dial_close(*dial);
}

int aq_ssh_dial(const struct aq_ssh_address *to, aq_deadline deadline, struct aq_error *err)
{
    aq_cleanup(cleanup_dial) struct aq_ssh_dial *dial = aq_ssh_dial_open(to);
    for (;;) {
        int connection = -1;
        int state = aq_ssh_dial_step(dial, &connection, err);
        if (state != 0)
            return state > 0 ? connection : -1;
        if (aq_ms_left(deadline) == 0)
            return aq_ssh_dial_verdict(dial, err);
        aq_deadline tick = aq_after_ms(TICK_MS);
        if (aq_wait_fd(dial->epoll, POLLIN, tick < deadline ? tick : deadline, err) < 0)
            return -1;
    }
}
