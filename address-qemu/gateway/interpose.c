/* SPDX-License-Identifier: MIT */
/* The C library's functions by which libslirp makes and uses sockets, as it finds them here: the dynamic
   linker looks into the program first. */
#undef _FORTIFY_SOURCE /* it would have its own definition of some */
#include "gateway/sockets.h"

#define EXPORTED __attribute__((visibility("default")))

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's names are reserved for it
 */
EXPORTED int socket(int family, int type, int protocol)
{
    return aq_guarded_socket(family, type, protocol);
}

EXPORTED int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)address;
    (void)length;
    return aq_guarded_bind(fd);
}

EXPORTED int listen(int fd, int backlog)
{
    (void)backlog;
    return aq_guarded_bind(fd);
}

EXPORTED int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return aq_guarded_connect(fd, address, length);
}

EXPORTED ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *address,
                        socklen_t address_length)
{
    return aq_guarded_sendto(fd, data, length, flags, address, address_length);
}

EXPORTED ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
                          socklen_t *address_length)
{
    return aq_guarded_recvfrom(fd, data, size, flags, address, address_length);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
