/* SPDX-License-Identifier: MIT */
#include "gateway/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gateway/flows.h"
#include "gateway/net.h"

enum { FDS_MAX = 1024, HEARD_MS = 300000 };

enum kind { KIND_NONE, KIND_TCP, KIND_UDP, KIND_ICMP, KIND_FORWARD };

/* Of the whole process, as the functions below are. */
static struct {
    const struct aq_policy *policy;
    const struct aq_endpoint *nameserver;
    int handed_over;              /* the socket that is being made is this one; -1: none */
    unsigned char kinds[FDS_MAX]; /* what each of libslirp's descriptors is */
    bool told[FDS_MAX];           /* those that it has told of as open */
    unsigned open;
    struct aq_flows heard; /* who has sent to a forwarded UDP port, and so may be answered */
} guard = {.handed_over = -1};

void aq_sockets_guard(const struct aq_policy *policy, const struct aq_endpoint *nameserver)
{
    guard.policy = policy;
    guard.nameserver = nameserver;
    syscall(SYS_getrandom, &guard.heard.seed, sizeof guard.heard.seed, 0);
}

void aq_sockets_hand_over(int fd)
{
    guard.handed_over = fd;
}

static void note(int fd, enum kind kind)
{
    if (fd >= 0 && fd < FDS_MAX)
        guard.kinds[fd] = (unsigned char)kind;
}

static enum kind kind_of(int fd)
{
    return fd >= 0 && fd < FDS_MAX ? guard.kinds[fd] : KIND_NONE;
}

unsigned aq_sockets_open(void)
{
    return guard.open;
}

void aq_sockets_opened(int fd)
{
    if (fd < 0 || fd >= FDS_MAX || guard.told[fd])
        return;
    guard.told[fd] = true;
    guard.open++;
}

void aq_sockets_closed(int fd)
{
    if (fd < 0 || fd >= FDS_MAX)
        return;
    guard.open -= guard.told[fd];
    guard.told[fd] = false;
    note(fd, KIND_NONE);
}

int aq_real_socket(int family, int type, int protocol)
{
    return (int)syscall(SYS_socket, family, type, protocol);
}

int aq_real_connect(int fd, const struct aq_endpoint *peer)
{
    struct sockaddr_storage address;
    socklen_t length = aq_endpoint_to_system(peer, &address);
    return (int)syscall(SYS_connect, fd, &address, length);
}

socklen_t aq_endpoint_to_system(const struct aq_endpoint *endpoint, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    if (aq_ip_is4(&endpoint->ip)) {
        struct sockaddr_in *four = (struct sockaddr_in *)address;
        four->sin_family = AF_INET;
        four->sin_port = htons(endpoint->port);
        memcpy(&four->sin_addr, endpoint->ip.bytes + 12, 4);
        return sizeof *four;
    }
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(endpoint->port);
    memcpy(&six->sin6_addr, endpoint->ip.bytes, 16);
    return sizeof *six;
}

bool aq_endpoint_from_system(const struct sockaddr *address, socklen_t length, struct aq_endpoint *endpoint)
{
    if (address != NULL && length >= sizeof(struct sockaddr_in) && address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        endpoint->ip = aq_ip_from4((const unsigned char *)&four->sin_addr);
        endpoint->port = ntohs(four->sin_port);
        return true;
    }
    if (address != NULL && length >= sizeof(struct sockaddr_in6) && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        endpoint->ip = aq_ip_from6((const unsigned char *)&six->sin6_addr);
        endpoint->port = ntohs(six->sin6_port);
        return !aq_ip_is4(&endpoint->ip); /* IPv4 in IPv6's clothes has no business here */
    }
    return false;
}

/* Not ECONNREFUSED: libslirp 4.7 ends itself over that in answer to an IPv6 SYN. */
static int unreachable(void)
{
    errno = EHOSTUNREACH;
    return -1;
}

int aq_guarded_socket(int family, int type, int protocol)
{
    int bare = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (guard.handed_over >= 0) {
        note(guard.handed_over, KIND_FORWARD);
        return guard.handed_over;
    }
    bool icmp = protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
    bool known = (family == AF_INET || family == AF_INET6) &&
                 (bare == SOCK_DGRAM || (bare == SOCK_STREAM && !icmp)) && (protocol == 0 || icmp);
    if (!known || guard.open >= AQ_SOCKETS_OUT_MAX) {
        errno = known ? EMFILE : EPERM;
        return -1;
    }
    int fd = aq_real_socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd >= FDS_MAX) {
        close(fd);
        errno = EMFILE;
        return -1;
    }
    note(fd, icmp ? KIND_ICMP : bare == SOCK_STREAM ? KIND_TCP : KIND_UDP);
    return fd;
}

int aq_guarded_bind(int fd)
{
    if (fd == guard.handed_over && fd >= 0)
        return 0;
    errno = EPERM;
    return -1;
}

int aq_guarded_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    struct aq_endpoint peer;
    if (guard.policy == NULL || kind_of(fd) != KIND_TCP || !aq_endpoint_from_system(address, length, &peer))
        return unreachable();
    if (aq_ip_equal(&peer.ip, &AQ_NET4_NAMESERVER)) {
        if (peer.port != 53 || guard.nameserver->port == 0 || !aq_policy_resolves_all(guard.policy))
            return unreachable();
        return aq_real_connect(fd, guard.nameserver);
    }
    if (aq_policy_judge(guard.policy, AQ_PROTOCOL_TCP, &peer.ip, peer.port) != AQ_FAULT_NONE)
        return unreachable();
    return aq_real_connect(fd, &peer);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static struct aq_flow flow_of(int fd, const struct aq_endpoint *peer)
{
    return (struct aq_flow){
        .peer = peer->ip, .peer_port = peer->port, .guest_port = (uint16_t)fd, .protocol = AQ_PROTOCOL_UDP};
}

static bool may_send(int fd, const struct aq_endpoint *peer)
{
    if (guard.policy == NULL)
        return false;
    struct aq_flow flow = flow_of(fd, peer);
    switch (kind_of(fd)) {
    case KIND_FORWARD:
        return aq_flows_has(&guard.heard, &flow, now_ms(), HEARD_MS);
    case KIND_UDP:
        return aq_policy_judge(guard.policy, AQ_PROTOCOL_UDP, &peer->ip, peer->port) == AQ_FAULT_NONE;
    case KIND_ICMP:
        return aq_policy_judge(guard.policy, AQ_PROTOCOL_ICMP, &peer->ip, 0) == AQ_FAULT_NONE;
    default:
        return false;
    }
}

ssize_t aq_guarded_sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *address,
                          socklen_t address_length)
{
    struct aq_endpoint peer;
    if (!aq_endpoint_from_system(address, address_length, &peer) || !may_send(fd, &peer))
        return unreachable();
    return syscall(SYS_sendto, fd, data, length, flags | MSG_NOSIGNAL, address, address_length);
}

ssize_t aq_guarded_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
                            socklen_t *address_length)
{
    ssize_t got = syscall(SYS_recvfrom, fd, data, size, flags, address, address_length);
    struct aq_endpoint peer;
    if (got >= 0 && kind_of(fd) == KIND_FORWARD && address_length != NULL &&
        aq_endpoint_from_system(address, *address_length, &peer)) {
        struct aq_flow flow = flow_of(fd, &peer);
        aq_flows_note(&guard.heard, &flow, now_ms());
    }
    return got;
}
