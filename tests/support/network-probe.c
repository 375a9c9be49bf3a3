/* SPDX-License-Identifier: MIT */
/*
 * network-probe: a static program that tests of real guests run on both sides.
 *
 *     serve                       on the host: listeners of 127.0.0.1, as long as its standard input is open.
 *                                 Its first line has their ports (the service, a neighbour, UDP; 1 when the
 *                                 service has IPv6 too), then there is a line for each contact.
 *     serve-bulk                  the same for measurements: a port that takes all, one that gives without
 * end, and one that greets; nothing is told of contacts tcp|udp ADDRESS PORT        in the guest: prints what
 * comes back, or "refused", "unreachable", "silent" raw KIND ADDRESS PORT       in the guest: sends a frame
 * of eth0's that no system would send by itself bulk send|take ADDRESS PORT MIB     moves so much; prints how
 * many microseconds it took connect ADDRESS PORT COUNT  connects so often, one after the other; prints the
 * microseconds of each, in the mean
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"

enum { PATIENCE_MS = 5000 };

static int listen_on(int type, unsigned *port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof where;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof where) < 0 ||
        (type == SOCK_STREAM && listen(fd, 16) < 0) ||
        getsockname(fd, (struct sockaddr *)&where, &length) < 0) {
        perror("network-probe");
        exit(1);
    }
    *port = ntohs(where.sin_port);
    return fd;
}

/* The service's port over IPv6 too; -1 on a host that has none. */
static int listen_on6(unsigned port)
{
    struct sockaddr_in6 where = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && bind(fd, (struct sockaddr *)&where, sizeof where) == 0 && listen(fd, 16) == 0 ? fd : -1;
}

static void greet(int listener, const char *name)
{
    static const char text[] = "served\n";
    int client = accept(listener, NULL, NULL);
    if (client >= 0 && write(client, text, sizeof text - 1) < 0)
        perror(name);
    close(client);
    puts(name);
}

static int serve(void)
{
    unsigned ports[3];
    struct pollfd fds[] = {{listen_on(SOCK_STREAM, &ports[0]), POLLIN, 0},
                           {listen_on(SOCK_STREAM, &ports[1]), POLLIN, 0},
                           {listen_on(SOCK_DGRAM, &ports[2]), POLLIN, 0},
                           {STDIN_FILENO, POLLIN, 0},
                           {-1, POLLIN, 0}};
    char bytes[100];
    fds[4].fd = listen_on6(ports[0]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%u %u %u %d\n", ports[0], ports[1], ports[2], fds[4].fd >= 0);
    while (poll(fds, 5, -1) > 0 && fds[3].revents == 0) {
        if (fds[4].revents != 0)
            greet(fds[4].fd, "service");
        if (fds[0].revents != 0)
            greet(fds[0].fd, "service");
        if (fds[1].revents != 0)
            greet(fds[1].fd, "neighbour");
        if (fds[2].revents != 0 && recv(fds[2].fd, bytes, sizeof bytes, 0) >= 0)
            puts("udp");
    }
    return 0;
}

/* A socket that is connected, or is about to be. */
static int connect_to(const char *address, const char *port, int type)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type};
    struct addrinfo *peer = NULL;
    if (getaddrinfo(address, port, &hints, &peer) != 0)
        exit(2);
    int fd = socket(peer->ai_family, type | SOCK_NONBLOCK, 0);
    int connected = connect(fd, peer->ai_addr, peer->ai_addrlen);
    if (connected < 0 && errno != EINPROGRESS) {
        puts(errno == ECONNREFUSED ? "refused" : "unreachable");
        exit(1);
    }
    freeaddrinfo(peer);
    return fd;
}

static void fail_with(int reason)
{
    puts(reason == ECONNREFUSED ? "refused" : "unreachable");
    exit(1);
}

static int probe(const char *address, const char *port, int type)
{
    char bytes[100];
    int fd = connect_to(address, port, type);
    struct pollfd wait = {fd, type == SOCK_STREAM ? POLLIN : POLLIN | POLLOUT, 0};
    if (type == SOCK_DGRAM && send(fd, "probe", 5, 0) < 0)
        fail_with(errno);
    wait.events = POLLIN;
    if (poll(&wait, 1, PATIENCE_MS) == 0) {
        puts("silent");
        return 1;
    }
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got < 0)
        fail_with(errno);
    fwrite(bytes, 1, (size_t)got, stdout);
    return 0;
}

/* --- frames that no system would send --- */

static struct frame fragment(const char *from, const char *to, unsigned port)
{
    struct frame frame = tcp_frame(from, 40001, to, port, SYN);
    frame.length = 42; /* its first eight bytes, which have the ports; the rest would follow */
    put16(frame.bytes + 16, 28);
    put16(frame.bytes + 20, 0x2000);
    put16(frame.bytes + 24, 0);
    put16(frame.bytes + 24, ~sum16(frame.bytes + 14, 20, NULL, 0) & 0xffff);
    return frame;
}

static struct frame with_options(const char *from, const char *to, unsigned port)
{
    struct frame frame = tcp_frame(from, 40001, to, port, SYN);
    memmove(frame.bytes + 38, frame.bytes + 34, frame.length - 34);
    memset(frame.bytes + 34, 1, 4);
    frame.length += 4;
    frame.bytes[14] = 0x46;
    put16(frame.bytes + 16, (unsigned)frame.length - 14);
    put16(frame.bytes + 24, 0);
    put16(frame.bytes + 24, ~sum16(frame.bytes + 14, 24, NULL, 0) & 0xffff);
    return frame;
}

static struct frame make(const char *kind, const char *to, unsigned port, const unsigned char *mac)
{
    struct frame frame = tcp_frame(GUEST_IP, 40001, to, port, SYN);
    memcpy(frame.bytes + 6, mac, 6);
    if (strcmp(kind, "fragment") == 0)
        frame = fragment(GUEST_IP, to, port);
    else if (strcmp(kind, "options") == 0)
        frame = with_options(GUEST_IP, to, port);
    else if (strcmp(kind, "source") == 0)
        frame = tcp_frame("10.0.2.77", 40001, to, port, SYN);
    else if (strcmp(kind, "loopback") == 0)
        frame = tcp_frame(GUEST_IP, 40001, "127.0.0.1", port, SYN);
    else if (strcmp(kind, "ethertype") == 0)
        put16(frame.bytes + 12, 0x88f8); /* NC-SI, which libslirp speaks */
    else if (strcmp(kind, "vlan") == 0)
        put16(frame.bytes + 12, 0x8100);
    else if (strcmp(kind, "plain") != 0 && strcmp(kind, "mac") != 0)
        exit(2);
    memcpy(frame.bytes + 6, mac, 6);
    if (strcmp(kind, "mac") == 0)
        frame.bytes[11] ^= 1;
    return frame;
}

static int send_raw(const char *kind, const char *to, const char *port)
{
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    struct ifreq card = {.ifr_name = "eth0"};
    if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &card) < 0) {
        perror("network-probe");
        return 1;
    }
    struct frame frame = make(kind, to, (unsigned)atoi(port), (const unsigned char *)card.ifr_hwaddr.sa_data);
    struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0")};
    return sendto(fd, frame.bytes, frame.length, 0, (struct sockaddr *)&where, sizeof where) < 0;
}

/* A connection to one of the three ports of serve-bulk, to its end. */
static void exchange(int client, int which)
{
    static char bytes[1 << 18];
    if (which == 0)
        while (recv(client, bytes, sizeof bytes, 0) > 0)
            ;
    else if (which == 1)
        while (send(client, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
            ;
    close(client);
}

static int serve_bulk(void)
{
    unsigned ports[3];
    struct pollfd fds[4] = {[3] = {STDIN_FILENO, POLLIN, 0}};
    for (int i = 0; i < 3; i++)
        fds[i] = (struct pollfd){listen_on(SOCK_STREAM, &ports[i]), POLLIN, 0};
    signal(SIGCHLD, SIG_IGN);
    printf("%u %u %u\n", ports[0], ports[1], ports[2]);
    fflush(stdout);
    while (poll(fds, 4, -1) > 0 && fds[3].revents == 0)
        for (int i = 0; i < 3; i++) {
            int client = fds[i].revents != 0 ? accept(fds[i].fd, NULL, NULL) : -1;
            if (client >= 0 && (i == 2 || fork() == 0)) {
                exchange(client, i);
                if (i != 2)
                    _exit(0);
            } else if (client >= 0) {
                close(client);
            }
        }
    return 0;
}

static long long microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int connect_often(const char *address, const char *port, int count)
{
    long long begun = microseconds();
    for (int i = 0; i < count; i++) {
        int fd = connect_to(address, port, SOCK_STREAM), error = 0;
        socklen_t size = sizeof error;
        struct pollfd wait = {fd, POLLOUT, 0};
        if (poll(&wait, 1, PATIENCE_MS) <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ||
            error != 0)
            return 1;
        close(fd);
    }
    printf("%lld\n", (microseconds() - begun) / count);
    return 0;
}

static int bulk(const char *way, const char *address, const char *port, size_t mib)
{
    static char bytes[1 << 20];
    bool sends = strcmp(way, "send") == 0;
    int fd = connect_to(address, port, SOCK_STREAM);
    struct pollfd wait = {fd, sends ? POLLOUT : POLLIN, 0};
    long long begun = microseconds();
    for (size_t left = mib << 20; left > 0;) {
        size_t piece = left < sizeof bytes ? left : sizeof bytes;
        if (poll(&wait, 1, 60000) <= 0)
            return 1;
        ssize_t moved = sends ? send(fd, bytes, piece, MSG_NOSIGNAL) : recv(fd, bytes, piece, 0);
        if (moved == 0 || (moved < 0 && errno != EAGAIN))
            return 1;
        left -= moved > 0 ? (size_t)moved : 0;
    }
    if (sends) { /* until the other end has it all */
        shutdown(fd, SHUT_WR);
        wait.events = POLLIN;
        if (poll(&wait, 1, 60000) <= 0 || recv(fd, bytes, 1, 0) != 0)
            return 1;
    }
    printf("%lld\n", microseconds() - begun);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return serve();
    if (argc == 2 && strcmp(argv[1], "serve-bulk") == 0)
        return serve_bulk();
    if (argc == 4 && (strcmp(argv[1], "tcp") == 0 || strcmp(argv[1], "udp") == 0))
        return probe(argv[2], argv[3], strcmp(argv[1], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM);
    if (argc == 5 && strcmp(argv[1], "raw") == 0)
        return send_raw(argv[2], argv[3], argv[4]);
    if (argc == 6 && strcmp(argv[1], "bulk") == 0)
        return bulk(argv[2], argv[3], argv[4], (size_t)atoi(argv[5]));
    if (argc == 5 && strcmp(argv[1], "connect") == 0)
        return connect_often(argv[2], argv[3], atoi(argv[4]));
    return 2;
}
