/* SPDX-License-Identifier: MIT */
/* What may answer where an SSH server is awaited: a real listener on the loopback says it. */
#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/ssh_dial.h"
#include "util/cleanup.h"

#define PIECES 3
#define BETWEEN_PIECES_US 100000

struct listener {
    int fd; /* bound, and listening unless it is late */
    uint16_t port;
    pid_t pid;
};

/* Says the pieces to whoever connects, and then no more; the connection stays. */
__attribute__((noreturn)) static void serve(int fd, const char *const *pieces, unsigned late_us)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    usleep(late_us);
    listen(fd, 64);
    for (;;) {
        int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        for (int i = 0; i < PIECES && pieces[i] != NULL; i++) {
            usleep(i > 0 ? BETWEEN_PIECES_US : 0);
            send(peer, pieces[i], strlen(pieces[i]), MSG_NOSIGNAL);
        }
    }
}

static struct listener start_listener(const char *const *pieces, unsigned late_us)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct listener listener = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .pid = -1};
    assert_int_equal(bind(listener.fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(listener.fd, (struct sockaddr *)&address, &length), 0);
    listener.port = ntohs(address.sin_port);
    if (pieces == NULL)
        return listener; /* bound only: whoever connects is refused */
    if (late_us == 0)
        assert_int_equal(listen(listener.fd, 64), 0);
    listener.pid = fork();
    assert_return_code(listener.pid, 0);
    if (listener.pid == 0)
        serve(listener.fd, pieces, late_us);
    return listener;
}

static void stop_listener(const struct listener *listener)
{
    if (listener->pid > 0) {
        kill(listener->pid, SIGKILL);
        waitpid(listener->pid, NULL, 0);
    }
    close(listener->fd);
}

static int64_t cpu_ms(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* Waits for the banner; a wait that is in vain has to leave the processor alone meanwhile. */
static int await(const char *const *pieces, unsigned late_us, bool booting, int64_t wait_ms,
                 struct aq_error *err)
{
    struct listener listener = start_listener(pieces, late_us);
    int64_t before = cpu_ms();
    const struct aq_ssh_address to = {
        .host = "127.0.0.1", .port = listener.port, .forwarded = true, .booting = booting};
    aq_autoclose int connection = aq_ssh_dial(&to, aq_after_ms(wait_ms), err);
    assert_in_range(cpu_ms() - before, 0, 300);
    stop_listener(&listener);
    if (connection < 0)
        return -1;
    char said[5] = ""; /* nothing was taken away */
    assert_int_equal(recv(connection, said, 4, 0), 4);
    assert_string_equal(said, "SSH-");
    return 0;
}

static void a_server_is_recognised(void **state)
{
    static const char *const whole[PIECES] = {"SSH-2.0-OpenSSH_9.2p1\r\n"};
    static const char *const parts[PIECES] = {"S", "SH", "-2.0-x\r\n"};
    struct aq_error err = {0};
    (void)state;
    assert_ok(await(whole, 0, true, 60000, &err));
    assert_ok(await(parts, 0, true, 60000, &err));
}

static void a_late_server_is_waited_for(void **state)
{
    static const char *const whole[PIECES] = {"SSH-2.0-x\r\n"};
    struct aq_error err = {0};
    (void)state;
    assert_ok(await(whole, 900000, true, 60000, &err));
}

/* Both while it may only be about to start, when it is given its time, and when it has had that. */
static void what_is_no_server_is_not_taken_for_one(void **state)
{
    static const struct {
        const char *pieces[PIECES];
        enum aq_error_code code;
    } cases[] = {
        {{"220 mail ready\r\n"}, AQ_E_SSH_PROTOCOL},
        {{"S"}, AQ_E_SSH_SILENT},
        {{"SSH"}, AQ_E_SSH_SILENT},
        {{"SSh-2.0\r\n"}, AQ_E_SSH_PROTOCOL},
        {{"SS", "SH-2.0\r\n"}, AQ_E_SSH_PROTOCOL},
        {{NULL}, AQ_E_SSH_SILENT},
    };
    struct aq_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int booting = 0; booting < 2; booting++)
            assert_fails(await(cases[i].pieces, 0, booting, 900, &err), cases[i].code);
}

static void a_closed_port_is_told_at_once(void **state)
{
    struct aq_error err = {0};
    (void)state;
    aq_deadline started = aq_now();
    assert_fails(await(NULL, 0, false, 60000, &err), AQ_E_SSH_CLOSED);
    assert_in_range((aq_now() - started) / 1000000, 0, 30000);
    assert_fails(await(NULL, 0, true, 900, &err), AQ_E_SSH_CLOSED);
}

static int dial(const char *host, uint16_t port, struct aq_error *err)
{
    const struct aq_ssh_address to = {.host = host, .port = port};
    aq_autoclose int connection = aq_ssh_dial(&to, aq_after_ms(60000), err);
    return connection < 0 ? -1 : 0;
}

static void a_name_is_as_good_as_an_address(void **state)
{
    static const char *const whole[PIECES] = {"SSH-2.0-x\r\n"};
    struct listener listener = start_listener(whole, 0);
    struct aq_error err = {0};
    (void)state;
    assert_ok(dial("localhost", listener.port, &err)); /* whatever else that name leads to */
    stop_listener(&listener);
    assert_fails(dial("localhost", listener.port, &err), AQ_E_SSH_CLOSED);
    assert_fails(dial("no-such-host.invalid", 22, &err), AQ_E_HOST_NOT_FOUND);
    assert_fails(dial("", 22, &err), AQ_E_HOST_NOT_FOUND);
}

static void waiting_can_be_interrupted(void **state)
{
    static const char *const silent[PIECES] = {NULL};
    struct aq_error err = {0};
    (void)state;
    aq_interrupt();
    assert_fails(await(silent, 0, true, 60000, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_recognised),
        cmocka_unit_test(a_late_server_is_waited_for),
        cmocka_unit_test(what_is_no_server_is_not_taken_for_one),
        cmocka_unit_test(a_closed_port_is_told_at_once),
        cmocka_unit_test(a_name_is_as_good_as_an_address),
        cmocka_unit_test(waiting_can_be_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
