/* SPDX-License-Identifier: MIT */
/*
 * The second boundary. libslirp makes its sockets by the C library's functions; this program defines those
 * itself (socket, bind, listen, connect, sendto, recvfrom), so that each address is judged once more where it
 * is used, whatever frame it came from, and libslirp listens on nothing but what it is handed.
 */
#ifndef AQ_GATEWAY_SOCKETS_H
#define AQ_GATEWAY_SOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "gateway/build.h"
#include "gateway/policy.h"

/* As many connections a guest may have: each may hold 256 KiB of what is under way. What comes in has room
   left for it. */
#define AQ_SOCKETS_MAX 160
#define AQ_SOCKETS_OUT_MAX 128

/* From now on libslirp reaches what the policy allows; nothing before. `nameserver` is where TCP to the
   guest's nameserver leads (its port 0: nowhere); both are looked at each time. */
void aq_sockets_guard(const struct aq_policy *policy, const struct aq_endpoint *nameserver);

/* The next socket that libslirp makes, binds and listens on is this one, which is bound (and listens)
 * already. */
void aq_sockets_hand_over(int fd);

/* libslirp tells of each that it opens (accepted ones too) and closes; how many there are. */
void aq_sockets_opened(int fd);
void aq_sockets_closed(int fd);
unsigned aq_sockets_open(void);

/* The system's own, for what this program itself does. */
int aq_real_socket(int family, int type, int protocol);
int aq_real_connect(int fd, const struct aq_endpoint *peer);

/* The same address as the system's structure: its length. */
socklen_t aq_endpoint_to_system(const struct aq_endpoint *endpoint, struct sockaddr_storage *address);
bool aq_endpoint_from_system(const struct sockaddr *address, socklen_t length, struct aq_endpoint *endpoint);

/* What becomes of libslirp's calls (interpose.c). What was handed over is bound and listens, and nothing else
 * does. */
int aq_guarded_socket(int family, int type, int protocol);
int aq_guarded_bind(int fd);
int aq_guarded_connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t aq_guarded_sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *address,
                          socklen_t address_length);
ssize_t aq_guarded_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
                            socklen_t *address_length);

#endif
