/* SPDX-License-Identifier: MIT */
#include "qemu/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qemu/port_owner.h"
#include "util/memory.h"

/* Chosen ports come from here: below what Linux gives to outgoing connections (32768 and up), so that none of
   those has taken one; and above what services use. */
#define FIRST_PORT 20000
#define PORT_COUNT 12000

#define DEFAULT_ADDRESS "127.0.0.1"

/* Clients that come before the guest's service is up wait in this queue. */
enum { BACKLOG = 128 };

static bool is_udp(const char *protocol)
{
    return strcmp(protocol, "udp") == 0;
}

static int parse_address(const char *text, struct sockaddr_in *address, struct aq_error *err)
{
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    if (inet_pton(AF_INET, text, &address->sin_addr) != 1)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s is not an IPv4 address of the host", text);
    return 0;
}

/* The port's socket, or -1 with errno. A TCP port whose old connections linger counts as free. */
static int bind_port(const char *protocol, const struct sockaddr_in *address)
{
    bool udp = is_udp(protocol);
    aq_autoclose int fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    if (fd < 0 || (!udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) ||
        bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 || (!udp && listen(fd, BACKLOG) < 0))
        return -1;
    return aq_steal_fd(&fd);
}

static int fail_port(const char *protocol, const char *address, uint16_t number, int reason,
                     struct aq_error *err)
{
    if (reason == EADDRNOTAVAIL)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s is not an address of this host", address);
    if (reason == EACCES)
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "port %u is for the administrator alone here; choose one of 1024 or above", number);
    if (reason != EADDRINUSE)
        return aq_fail_errno(err, AQ_E_IO, reason, "%s port %u of %s cannot be listened on", protocol, number,
                             address);
    aq_autofree char *owner = aq_port_owner(protocol, number);
    return aq_fail(err, AQ_E_PORT_IN_USE, "%s port %u of %s is in use by %s; choose another one", protocol,
                   number, address, owner != NULL ? owner : "another program");
}

/* Where to begin: parallel starts seldom try the same port then. */
static unsigned random_start(void)
{
    unsigned start;
    if (getrandom(&start, sizeof start, GRND_NONBLOCK) != sizeof start)
        start = (unsigned)getpid();
    return start % PORT_COUNT;
}

static int reserve_any(const char *protocol, const char *text, struct sockaddr_in *address,
                       struct aq_port *port, struct aq_error *err)
{
    unsigned start = random_start();
    for (unsigned i = 0; i < PORT_COUNT; i++) {
        port->number = (uint16_t)(FIRST_PORT + (start + i) % PORT_COUNT);
        address->sin_port = htons(port->number);
        port->fd = bind_port(protocol, address);
        if (port->fd >= 0)
            return 0;
        if (errno != EADDRINUSE) /* no other port will do better */
            return fail_port(protocol, text, port->number, errno, err);
    }
    return aq_fail(err, AQ_E_PORT_IN_USE, "no %s port from %d to %d is free on %s", protocol, FIRST_PORT,
                   FIRST_PORT + PORT_COUNT - 1, text);
}

int aq_port_reserve(const char *protocol, const char *address, uint16_t wanted, struct aq_port *port,
                    struct aq_error *err)
{
    struct sockaddr_in where;
    *port = AQ_PORT_UNRESERVED;
    if (address == NULL)
        address = DEFAULT_ADDRESS;
    if (parse_address(address, &where, err) < 0)
        return -1;
    if (wanted == 0)
        return reserve_any(protocol, address, &where, port, err);
    where.sin_port = htons(wanted);
    port->number = wanted;
    port->fd = bind_port(protocol, &where);
    return port->fd >= 0 ? 0 : fail_port(protocol, address, wanted, errno, err);
}

void aq_port_release(struct aq_port *port)
{
    aq_cleanup_close(&port->fd);
    *port = AQ_PORT_UNRESERVED;
}
