/* SPDX-License-Identifier: MIT */
#include "qemu/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qemu/port_owner.h"
#include "util/memory.h"

/* Chosen ports come from here: below what Linux gives to outgoing connections (32768 and up), so none of
   those can take a port between our looking and QEMU's listening; and above what services use. */
#define FIRST_PORT 20000
#define PORT_COUNT 12000

#define DEFAULT_ADDRESS "127.0.0.1"

static bool is_udp(const char *protocol)
{
    return strcmp(protocol, "udp") == 0;
}

static int parse_address(const char *text, uint16_t number, struct sockaddr_in *address, struct aq_error *err)
{
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(number)};
    if (inet_pton(AF_INET, text, &address->sin_addr) != 1)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s is not an IPv4 address of the host", text);
    return 0;
}

/* Would QEMU get the port? Found out by taking it as QEMU does (a TCP port whose connections linger counts as
   free). 0, or -1 with errno. */
static int try_port(const char *protocol, const struct sockaddr_in *address)
{
    aq_autoclose int fd = socket(AF_INET, (is_udp(protocol) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    if (!is_udp(protocol) && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
        return -1;
    return is_udp(protocol) ? 0 : listen(fd, 1);
}

int aq_port_check(const char *protocol, const char *address, uint16_t number, struct aq_error *err)
{
    struct sockaddr_in where;
    if (address == NULL)
        address = DEFAULT_ADDRESS;
    if (parse_address(address, number, &where, err) < 0)
        return -1;
    if (try_port(protocol, &where) == 0)
        return 0;
    if (errno == EADDRNOTAVAIL)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s is not an address of this host", address);
    if (errno == EACCES)
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "port %u is for the administrator alone here; choose one of 1024 or above", number);
    if (errno != EADDRINUSE)
        return aq_fail_errno(err, AQ_E_IO, errno, "%s port %u of %s cannot be listened on", protocol, number,
                             address);
    aq_autofree char *owner = aq_port_owner(protocol, number);
    return aq_fail(err, AQ_E_PORT_IN_USE, "%s port %u of %s is in use by %s; choose another one", protocol,
                   number, address, owner != NULL ? owner : "another program");
}

/* Locks the port's byte: 1 and the lock in port, 0 when another start has it, -1 on error. */
static int lock_port(int runtime_dir, const char *protocol, uint16_t number, struct aq_port *port,
                     struct aq_error *err)
{
    aq_autoclose int fd = openat(runtime_dir, "ports", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the file of reserved ports");
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = number * 2 + is_udp(protocol), .l_len = 1};
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        if (errno == EAGAIN || errno == EACCES)
            return 0;
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot reserve port %u", number);
    }
    *port = (struct aq_port){.number = number, .lock = aq_steal_fd(&fd)};
    return 1;
}

static int reserve_wanted(int runtime_dir, const char *protocol, const char *address, uint16_t wanted,
                          struct aq_port *port, struct aq_error *err)
{
    int locked = lock_port(runtime_dir, protocol, wanted, port, err);
    if (locked < 0)
        return -1;
    if (locked == 0)
        return aq_fail(err, AQ_E_PORT_IN_USE,
                       "%s port %u is being taken by another VM that starts now; choose another one",
                       protocol, wanted);
    if (aq_port_check(protocol, address, wanted, err) == 0)
        return 0;
    aq_port_release(port);
    return -1;
}

/* Where to begin: parallel starts seldom try the same port then. */
static unsigned random_start(void)
{
    unsigned start;
    if (getrandom(&start, sizeof start, GRND_NONBLOCK) != sizeof start)
        start = (unsigned)getpid();
    return start % PORT_COUNT;
}

static int reserve_any(int runtime_dir, const char *protocol, const char *address, struct aq_port *port,
                       struct aq_error *err)
{
    unsigned start = random_start();
    for (unsigned i = 0; i < PORT_COUNT; i++) {
        uint16_t number = (uint16_t)(FIRST_PORT + (start + i) % PORT_COUNT);
        int locked = lock_port(runtime_dir, protocol, number, port, err);
        if (locked < 0)
            return -1;
        if (locked == 0)
            continue;
        struct aq_error why = {0};
        if (aq_port_check(protocol, address, number, &why) == 0)
            return 0;
        aq_port_release(port);
        if (why.code != AQ_E_PORT_IN_USE) /* no other port will do better */
            return aq_fail(err, why.code, "%s", why.text);
    }
    return aq_fail(err, AQ_E_PORT_IN_USE, "no %s port from %d to %d is free on %s", protocol, FIRST_PORT,
                   FIRST_PORT + PORT_COUNT - 1, address);
}

int aq_port_reserve(int runtime_dir, const char *protocol, const char *address, uint16_t wanted,
                    struct aq_port *port, struct aq_error *err)
{
    *port = AQ_PORT_UNRESERVED;
    if (address == NULL)
        address = DEFAULT_ADDRESS;
    if (wanted != 0)
        return reserve_wanted(runtime_dir, protocol, address, wanted, port, err);
    return reserve_any(runtime_dir, protocol, address, port, err);
}

void aq_port_release(struct aq_port *port)
{
    aq_cleanup_close(&port->lock);
    *port = AQ_PORT_UNRESERVED;
}
