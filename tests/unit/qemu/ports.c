/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu/ports.h"
#include "util/memory.h"

/* Another program: listens on that port, or on any for 0. -1 if it is taken. */
static int listen_on(int type, const char *address, uint16_t *port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t length = sizeof where;
    inet_pton(AF_INET, address, &where.sin_addr);
    aq_autoclose int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    int on = 1;
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&where, sizeof where) < 0 || (type == SOCK_STREAM && listen(fd, 1) < 0) ||
        getsockname(fd, (struct sockaddr *)&where, &length) < 0)
        return -1;
    *port = ntohs(where.sin_port);
    return aq_steal_fd(&fd);
}

static void a_chosen_port_is_free_and_ours(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autoport struct aq_port port = AQ_PORT_UNRESERVED, same;
    assert_ok(aq_port_reserve("tcp", NULL, 0, &port, &err));
    assert_in_range(port.number, 20000, 31999);
    assert_fails(aq_port_reserve("tcp", NULL, port.number, &same, &err), AQ_E_PORT_IN_USE);
    assert_int_equal(same.fd, -1);
    assert_int_equal(listen_on(SOCK_STREAM, "127.0.0.1", &port.number), -1); /* nobody else's either */
}

static void the_protocols_do_not_meet(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autoport struct aq_port tcp = AQ_PORT_UNRESERVED, udp = AQ_PORT_UNRESERVED;
    assert_ok(aq_port_reserve("tcp", NULL, 0, &tcp, &err));
    assert_ok(aq_port_reserve("udp", NULL, tcp.number, &udp, &err));
    assert_int_equal(tcp.number, udp.number);
}

static void a_released_port_can_be_had_again(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_port port, again;
    assert_ok(aq_port_reserve("tcp", NULL, 0, &port, &err));
    uint16_t number = port.number;
    aq_port_release(&port);
    aq_port_release(&port); /* twice is fine */
    assert_ok(aq_port_reserve("tcp", NULL, number, &again, &err));
    aq_port_release(&again);
}

static void a_taken_port_is_named_with_who_has_it(void **state)
{
    (void)state;
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    for (int i = 0; i < 2; i++) {
        struct aq_error err = {0};
        struct aq_port port;
        uint16_t number = 0;
        aq_autoclose int listener = listen_on(types[i], "127.0.0.1", &number);
        assert_true(listener >= 0);
        aq_autofree char *expected =
            aq_format("%s port %u of 127.0.0.1 is in use by unit-qemu-ports (process %d); choose another one",
                      i == 0 ? "tcp" : "udp", number, (int)getpid());
        assert_int_equal(aq_port_reserve(i == 0 ? "tcp" : "udp", NULL, number, &port, &err), -1);
        assert_string_equal(err.text, expected);
        assert_fails(-1, AQ_E_PORT_IN_USE);
    }
}

/* One that listens everywhere is in the way of 127.0.0.1, and the other way round. */
static void addresses_overlap(void **state)
{
    (void)state;
    struct aq_error err = {0};
    uint16_t number = 0;
    int listener = listen_on(SOCK_STREAM, "0.0.0.0", &number);
    struct aq_port port;
    assert_fails(aq_port_reserve("tcp", "127.0.0.1", number, &port, &err), AQ_E_PORT_IN_USE);
    close(listener);
    number = 0;
    listener = listen_on(SOCK_STREAM, "127.0.0.1", &number);
    assert_fails(aq_port_reserve("tcp", "0.0.0.0", number, &port, &err), AQ_E_PORT_IN_USE);
    close(listener);
}

static void wrong_addresses_are_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_port port;
    assert_fails(aq_port_reserve("tcp", "localhost", 20000, &port, &err), AQ_E_VALUE_INVALID);
    assert_fails(aq_port_reserve("tcp", "", 20000, &port, &err), AQ_E_VALUE_INVALID);
    assert_fails(aq_port_reserve("tcp", "192.0.2.1", 0, &port, &err), AQ_E_VALUE_INVALID);
    assert_int_equal(port.fd, -1);
}

static void a_process_that_dies_frees_its_port(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_port port;
    assert_ok(aq_port_reserve("tcp", NULL, 0, &port, &err));
    uint16_t number = port.number;
    aq_port_release(&port);
    pid_t child = fork();
    if (child == 0)
        _exit(aq_port_reserve("tcp", NULL, number, &port, &err) == 0 ? 0 : 1); /* without releasing it */
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_ok(aq_port_reserve("tcp", NULL, number, &port, &err));
    aq_port_release(&port);
}

/* Each gets ports of its own, and keeps them. */
static void sixteen_at_once_never_collide(void **state)
{
    (void)state;
    pid_t children[16];
    int held[2];
    assert_int_equal(pipe2(held, O_CLOEXEC), 0);
    for (int i = 0; i < 16; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] != 0)
            continue;
        close(held[1]);
        for (int n = 0; n < 8; n++) {
            struct aq_error err = {0};
            struct aq_port port; /* left open on purpose */
            if (aq_port_reserve("tcp", NULL, 0, &port, &err) < 0)
                _exit(1);
        }
        char c;
        _exit(read(held[0], &c, 1) == 0 ? 0 : 1); /* every port stays in use until all are done */
    }
    close(held[0]);
    close(held[1]);
    for (int i = 0; i < 16; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chosen_port_is_free_and_ours),
        cmocka_unit_test(the_protocols_do_not_meet),
        cmocka_unit_test(a_released_port_can_be_had_again),
        cmocka_unit_test(a_taken_port_is_named_with_who_has_it),
        cmocka_unit_test(addresses_overlap),
        cmocka_unit_test(wrong_addresses_are_refused),
        cmocka_unit_test(a_process_that_dies_frees_its_port),
        cmocka_unit_test(sixteen_at_once_never_collide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
