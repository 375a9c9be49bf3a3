/* SPDX-License-Identifier: MIT */
/* The companion as a process: its sandbox, what it is told, its beginning and its end. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "gateway.h"

/* /proc's word on the process. free() it. */
static char *status_of(const struct gateway *gateway, const char *file)
{
    aq_autofree char *path = aq_format("/proc/%d/%s", (int)gateway->pid, file);
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = aq_alloc(8192);
    assert_true(fd >= 0 && read(fd, text, 8191) > 0);
    return text;
}

static void the_sandbox_is_closed(void **state)
{
    (void)state;
    struct gateway gateway = start_gateway("any");
    aq_autofree char *status = status_of(&gateway, "status");
    assert_non_null(strstr(status, "NoNewPrivs:\t1"));
    assert_non_null(strstr(status, "Seccomp:\t2"));
    assert_non_null(strstr(status, "CapEff:\t0000000000000000"));
    assert_non_null(strstr(status, "CapPrm:\t0000000000000000"));
    aq_autostrings struct aq_strings rows = {0};
    aq_autofree char *sandbox = NULL;
    assert_ok(aq_companion_state(gateway.control, &rows, &sandbox, aq_after_ms(HANG), &err));
    assert_true(aq_strings_has(&rows, "seccomp on"));
    if (aq_strings_has(&rows, "namespaces on")) { /* its root is empty */
        aq_autofree char *path = aq_format("/proc/%d/root", (int)gateway.pid);
        DIR *root = opendir(path);
        int entries = 0;
        while (root != NULL && readdir(root) != NULL)
            entries++;
        assert_true(root == NULL || entries == 2);
        if (root != NULL)
            closedir(root);
    }
    aq_autofree char *limits = status_of(&gateway, "limits");
    assert_non_null(strstr(limits, "Max open files            256"));
    assert_non_null(strstr(limits, "Max core file size        0"));
    end_gateway(&gateway);
}

static void nothing_passes_when_it_is_killed(void **state)
{
    (void)state;
    unsigned port;
    int status;
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &port);
    aq_autofree char *rules = aq_format("localhost:%u", port);
    struct gateway gateway = start_gateway(rules);
    assert_int_equal(kill(gateway.pid, SIGKILL), 0);
    assert_int_equal(waitpid(gateway.pid, &status, 0), gateway.pid);
    struct frame frame = tcp_frame(GUEST_IP, 40000, "10.0.2.2", port, SYN);
    assert_int_equal(send(gateway.cable, frame.bytes, frame.length, MSG_NOSIGNAL), -1);
    assert_true(errno == EPIPE || errno == ECONNRESET);
    assert_false(contacted(service, NEVER));
    close(gateway.cable);
    close(gateway.control);
}

/* Before it serves, nothing goes through it; and it ends with whoever starts it. */
static void it_serves_nothing_before_it_is_told_to_start(void **state)
{
    (void)state;
    unsigned port;
    int status;
    aq_autoclose int service = listen_at("127.0.0.1", SOCK_STREAM, &port);
    aq_autofree char *program = aq_format("%s/libexec/address-qemu/companion", getenv("BUILD_DIR"));
    struct gateway gateway = start_program(program);
    tell(&gateway, -1, "rules localhost:%u", port);
    send_frame(&gateway, tcp_frame(GUEST_IP, 40000, "10.0.2.2", port, SYN));
    assert_false(contacted(service, NEVER));
    close(gateway.control);
    assert_int_equal(waitpid(gateway.pid, &status, 0), gateway.pid);
    assert_true(WIFEXITED(status));
    close(gateway.cable);
}

static void what_it_is_told_wrongly_it_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"nonsense",
                                        "rules 80-",
                                        "rules",
                                        "forward tcp 127.0.0.1 80 80",
                                        "unforward tcp 127.0.0.1",
                                        "nameservers x",
                                        "ask",
                                        "ask 0",
                                        "start",
                                        "card 52:54:00:aa:bb:cc 10.0.2.15",
                                        "console",
                                        "lease a"};
    struct gateway gateway = start_gateway("none");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(aq_companion_call(gateway.control, -1, NULL, aq_after_ms(HANG), &err, "%s", wrong[i]),
                     AQ_E_COMPANION_FAILED);
    tell(&gateway, -1, "unforward tcp 127.0.0.1 80"); /* it leads nowhere, as is wanted */
    tell(&gateway, -1, "state");
    end_gateway(&gateway);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sandbox_is_closed),
        cmocka_unit_test(nothing_passes_when_it_is_killed),
        cmocka_unit_test(it_serves_nothing_before_it_is_told_to_start),
        cmocka_unit_test(what_it_is_told_wrongly_it_refuses),
    };
    return cmocka_run_group_tests_name("companion/sandbox", tests, NULL, NULL);
}
