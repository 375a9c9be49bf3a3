/* SPDX-License-Identifier: MIT */
/* The real companion at the other end of a cable that we hold in QEMU's place. */
#ifndef AQ_TEST_GATEWAY_H
#define AQ_TEST_GATEWAY_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"
#include "test.h"
#include "vm/companion.h"

#define HANG 120000

enum { SOON = 20000, NEVER = 300 }; /* ms: for what has to come, and for what must not */

static struct aq_error err;

struct gateway {
    pid_t pid;
    int control, cable;
};

/* Says something to it, which has to be done. */
#define tell(gateway, passed, ...)                                                                           \
    assert_ok(aq_companion_call((gateway)->control, passed, NULL, aq_after_ms(HANG), &err, __VA_ARGS__))

static inline struct gateway start_program_at(const char *program, const char *address)
{
    int control[2], cable[2];
    struct gateway gateway = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, control), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, cable), 0);
    gateway.pid = fork();
    if (gateway.pid == 0) {
        char number[12];
        snprintf(number, sizeof number, "%d", control[1]);
        fcntl(control[1], F_SETFD, 0);
        execl(program, program, "test", number, (char *)NULL);
        _exit(127);
    }
    close(control[1]);
    gateway.control = control[0];
    gateway.cable = cable[0];
    tell(&gateway, cable[1], "card 52:54:00:aa:bb:cc %s", address);
    close(cable[1]);
    return gateway;
}

static inline struct gateway start_program(const char *program)
{
    return start_program_at(program, GUEST_IP);
}

static inline void send_frame(const struct gateway *gateway, struct frame frame)
{
    ssize_t sent;
    while ((sent = send(gateway->cable, frame.bytes, frame.length, MSG_NOSIGNAL)) < 0 && errno == EAGAIN)
        assert_int_equal(aq_wait_fd(gateway->cable, POLLOUT, aq_after_ms(HANG), &err), 1);
    assert_int_equal(sent, (ssize_t)frame.length);
}

/* The program with rules, serving; libslirp has heard the guest's ARP. */
static inline struct gateway start_gateway(const char *rules)
{
    const char *build = getenv("BUILD_DIR");
    assert_non_null(build);
    aq_autofree char *program = aq_format("%s/libexec/address-qemu/companion", build);
    struct gateway gateway = start_program(program);
    tell(&gateway, -1, "rules %s", rules);
    tell(&gateway, -1, "start");
    send_frame(&gateway, arp_frame(GUEST_IP, "10.0.2.2"));
    return gateway;
}

/* The cable is unplugged, and it ends by itself. */
static inline void end_gateway(struct gateway *gateway)
{
    int status;
    close(gateway->cable);
    assert_int_equal(waitpid(gateway->pid, &status, 0), gateway->pid);
    close(gateway->control);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the companion ended with status %x", (unsigned)status);
}

/* The next frame to the guest, for at most so long; false: none came. */
static inline bool next_frame(const struct gateway *gateway, int64_t within_ms, struct frame *frame)
{
    int ready = aq_wait_fd(gateway->cable, POLLIN, aq_after_ms(within_ms), &err);
    assert_true(ready >= 0);
    if (ready == 0)
        return false;
    ssize_t got = recv(gateway->cable, frame->bytes, sizeof frame->bytes, 0);
    frame->length = got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The next TCP frame (or with udp, UDP or ICMP one) from `from` to the guest's port; others are passed over.
 */
static inline bool next_from(const struct gateway *gateway, const char *from, unsigned protocol,
                             unsigned guest_port, int64_t within_ms, struct frame *frame)
{
    unsigned char address[4];
    inet_pton(AF_INET, from, address);
    aq_deadline deadline = aq_after_ms(within_ms);
    while (next_frame(gateway, aq_ms_left(deadline), frame)) {
        const unsigned char *ip = frame->bytes + 14;
        if (get16(frame->bytes + 12) == 0x0800 && ip[9] == protocol && memcmp(ip + 12, address, 4) == 0 &&
            (protocol == IPPROTO_ICMP || get16(transport_of(frame) + 2) == guest_port))
            return true;
        if (aq_ms_left(deadline) == 0)
            break;
    }
    return false;
}

/* A question of the guest's. */
static inline struct frame question_for(const char *name, unsigned id, unsigned type)
{
    unsigned char bytes[300] = {0};
    size_t length = 12;
    put16(bytes, id);
    put16(bytes + 2, 0x0100);
    put16(bytes + 4, 1);
    for (const char *label = name; *label != '\0';) {
        size_t size = strcspn(label, ".");
        bytes[length++] = (unsigned char)size;
        memcpy(bytes + length, label, size);
        length += size;
        label += size + (label[size] == '.');
    }
    put16(bytes + length + 1, type);
    put16(bytes + length + 3, 1);
    return udp_frame(GUEST_IP, 40000, "10.0.2.3", 53, bytes, length + 5);
}

/* How often something was dropped for that reason, in all. */
static inline unsigned drops_of(const struct gateway *gateway, const char *reason)
{
    aq_autostrings struct aq_strings rows = {0};
    assert_ok(aq_companion_call(gateway->control, -1, &rows, aq_after_ms(HANG), &err, "drops"));
    unsigned total = 0;
    for (size_t i = 0; i < rows.count; i++) {
        char fault[16];
        unsigned count;
        if (sscanf(rows.items[i], "%15s %*s %*s %*u %u", fault, &count) == 2 && strcmp(fault, reason) == 0)
            total += count;
    }
    return total;
}

/* A socket of the host on a free port of that address. */
static inline int listen_at(const char *address, int type, unsigned *port)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    socklen_t length = sizeof where;
    inet_pton(AF_INET, address, &where.sin_addr);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &length), 0);
    *port = ntohs(where.sin_port);
    return fd;
}

/* Has anybody connected, or sent anything? */
static inline bool contacted(int fd, int64_t within_ms)
{
    return aq_wait_fd(fd, POLLIN, aq_after_ms(within_ms), &err) == 1;
}

#endif
