/* SPDX-License-Identifier: MIT */
/* The console as a channel: a real terminal with a real shell behind a login, and somebody who writes in
 * between. */
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "guest/channel.h"
#include "guest/serial_login.h"
#include "test.h"
#include "util/files.h"
#include "util/memory.h"

/* What a getty and login do, for a user of this test's. */
static const char getty[] =
    "while :; do\n"
    "  printf '\\r\\nWelcome to nowhere\\r\\n\\r\\nguest login: '; read -r u || exit\n"
    "  stty -echo; printf 'Password: '; read -r p; stty echo; echo\n"
    "  if [ \"$u:$p\" = 'me:se cret' ]; then echo 'Last login: never'; PS1='me:~\\$ ' /bin/sh -i\n"
    "  else sleep 0.3; echo 'Login incorrect'; fi\n"
    "done\n";
/* What the kernel and daemons do. */
static const char noise[] =
    "while :; do printf '\\r\\n[   12.3456] eth0: link is up @#$\\r\\n'; sleep 0.05; done";

struct console {
    pid_t bridge, shell, noise;
    int terminal;
    struct aq_serial_login login;
    struct aq_channel *channel;
};

/* Moves bytes between the terminal's master and the socket, as QEMU and the companion do. */
static void bridge(int master, int socket)
{
    char piece[4096];
    struct pollfd both[2] = {{.fd = master, .events = POLLIN}, {.fd = socket, .events = POLLIN}};
    for (;;) {
        poll(both, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (both[i].revents == 0)
                continue;
            ssize_t got = read(both[i].fd, piece, sizeof piece);
            if (got <= 0)
                _exit(0);
            for (ssize_t done = 0; done < got;) {
                ssize_t wrote = write(both[1 - i].fd, piece + done, (size_t)(got - done));
                if (wrote <= 0)
                    _exit(0);
                done += wrote;
            }
        }
    }
}

static pid_t run_on(int slave, const char *script)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    login_tty(slave);
    execl("/bin/sh", "sh", "-c", script, (char *)NULL);
    _exit(127);
}

static void open_console(struct console *console, const char *script, const char *password)
{
    int master, slave, ends[2];
    *console = (struct console){.noise = -1, .login.user = aq_strdup("me")};
    console->login.password = password == NULL ? NULL : aq_strdup(password);
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    console->shell = run_on(slave, script);
    console->bridge = fork();
    if (console->bridge == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        bridge(master, ends[1]);
    }
    close(master);
    console->terminal = slave;
    close(ends[1]);
    const struct aq_channel_port port = {.fd = ends[0]};
    console->channel = aq_channel_open_serial(&port, &console->login);
}

static void make_noise(struct console *console)
{
    fflush(NULL);
    console->noise = fork();
    if (console->noise != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(console->terminal, 1);
    execl("/bin/sh", "sh", "-c", noise, (char *)NULL);
    _exit(127);
}

static void close_console(struct console *console)
{
    const pid_t pids[] = {console->bridge, console->shell, console->noise};
    aq_channel_close(console->channel);
    usleep(200000); /* it logs out */
    close(console->terminal);
    for (int i = 0; i < 3; i++)
        if (pids[i] > 0) {
            kill(pids[i], SIGKILL);
            waitpid(pids[i], NULL, 0);
        }
    free(console->login.user);
    free(console->login.password);
}

static int run(struct aq_channel *channel, const char *script, const char *argument,
               struct aq_guest_exit *exit, struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", script, "sh", argument, NULL};
    const struct aq_guest_exec exec = {
        .argv = argv, .deadline = aq_after_ms(60000), .capture_limit = 1 << 20};
    return aq_channel_exec(channel, &exec, exit, err);
}

static void assert_runs(struct aq_channel *channel)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(aq_channel_ready(channel, aq_after_ms(60000), &err));
    assert_string_equal(aq_channel_name(channel), "serial");
    assert_ok(run(channel, "printf 'out %s' \"$1\"; echo oops >&2; exit 43", "a 'b\n\tc\x03\x04%s\\n", &exit,
                  &err));
    assert_int_equal(exit.exit_code, 43);
    assert_string_equal(aq_buffer_text(&exit.output), "out a 'b\n\tc\x03\x04%s\\n");
    assert_string_equal(aq_buffer_text(&exit.errors), "oops\n");
}

static void a_login_is_passed(void **state)
{
    (void)state;
    struct console console;
    open_console(&console, getty, "se cret");
    assert_runs(console.channel);
    close_console(&console);
}

static void a_shell_is_taken_as_it_is(void **state)
{
    (void)state;
    struct console console;
    open_console(&console, "PS1=$(printf '\\033[?2004hroot@x# \\033[6n') exec /bin/sh -i", NULL);
    assert_runs(console.channel);
    close_console(&console);
}

static void logins_are_refused_with_the_reason(void **state)
{
    struct aq_error err = {0};
    (void)state;
    struct console console;
    open_console(&console, getty, "wrong");
    assert_int_equal(aq_channel_ready(console.channel, aq_after_ms(60000), &err), -1);
    assert_int_equal(err.code, AQ_E_CONSOLE_LOGIN_REFUSED);
    close_console(&console);
    err = (struct aq_error){0};
    open_console(&console, getty, NULL);
    assert_int_equal(aq_channel_ready(console.channel, aq_after_ms(60000), &err), -1);
    assert_int_equal(err.code, AQ_E_CONSOLE_LOGIN_REFUSED);
    assert_non_null(strstr(err.text, "configure_serial"));
    close_console(&console);
    err = (struct aq_error){0};
    open_console(&console, "sleep 1000", NULL);
    assert_int_equal(aq_channel_ready(console.channel, aq_after_ms(1500), &err), -1);
    assert_int_equal(err.code, AQ_E_GUEST_NOT_READY);
    close_console(&console);
}

/* Whoever writes to the console in between changes nothing. */
static void output_is_exact_amid_noise(void **state)
{
    struct aq_error err = {0};
    (void)state;
    struct console console;
    open_console(&console, getty, "se cret");
    assert_ok(aq_channel_ready(console.channel, aq_after_ms(60000), &err));
    make_noise(&console);
    assert_runs(console.channel);
    char bytes[40000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    const char *const argv[] = {"cat", NULL};
    const struct aq_guest_exec exec = {.argv = argv,
                                       .input = bytes,
                                       .input_length = sizeof bytes,
                                       .deadline = aq_after_ms(120000),
                                       .capture_limit = 1 << 20};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(aq_channel_exec(console.channel, &exec, &exit, &err));
    assert_int_equal(exit.output.length, sizeof bytes);
    assert_memory_equal(exit.output.data, bytes, sizeof bytes);
    close_console(&console);
}

static void files_come_and_go_whole(void **state)
{
    struct aq_error err = {0};
    struct aq_guest_file got = {0};
    (void)state;
    struct console console;
    open_console(&console, getty, "se cret");
    aq_autofree char *here = getcwd(NULL, 0), *path = aq_format("%s/it's here", here);
    aq_autoclose int from = memfd_create("from", 0), to = memfd_create("to", 0);
    assert_ok(aq_write_all(from, "some\0bytes\r\n\x03\xff", 14, &err));
    assert_ok(aq_channel_ready(console.channel, aq_after_ms(60000), &err));
    const struct aq_guest_put put = {.fd = from, .path = path, .mode = 0640, .deadline = aq_after_ms(60000)};
    assert_ok(aq_channel_put(console.channel, &put, &err));
    const struct aq_guest_get get = {.path = path, .fd = to, .deadline = aq_after_ms(60000)};
    assert_ok(aq_channel_get(console.channel, &get, &got, &err));
    assert_int_equal(got.size, 14);
    assert_int_equal(got.mode, 0640);
    char text[16];
    assert_int_equal(pread(to, text, sizeof text, 0), 14);
    assert_memory_equal(text, "some\0bytes\r\n\x03\xff", 14);
    const struct aq_guest_get missing = {.path = "/no such file", .fd = to, .deadline = aq_after_ms(60000)};
    assert_int_equal(aq_channel_get(console.channel, &missing, &got, &err), -1);
    assert_int_equal(err.code, AQ_E_GUEST_FILE_NOT_FOUND);
    close_console(&console);
}

static void what_takes_too_long_ends_with_its_children(void **state)
{
    struct aq_error err = {0};
    (void)state;
    struct console console;
    open_console(&console, getty, "se cret");
    assert_ok(aq_channel_ready(console.channel, aq_after_ms(60000), &err));
    const char *const argv[] = {"/bin/sh", "-c", "sleep 98701 & echo said; sleep 98702", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(2500), .capture_limit = 4096};
    aq_autoguestexit struct aq_guest_exit exit = {0}, left = {0};
    assert_int_equal(aq_channel_exec(console.channel, &exec, &exit, &err), -1);
    assert_int_equal(err.code, AQ_E_COMMAND_TIMEOUT);
    assert_string_equal(aq_buffer_text(&exit.output), "said\n");
    err = (struct aq_error){0};
    assert_ok(run(console.channel, "! pgrep -f 'sleep 9870[12]'", "", &left, &err));
    assert_int_equal(left.exit_code, 0);
    const char *const absent[] = {"no-such-program", NULL};
    const struct aq_guest_exec none = {.argv = absent, .deadline = aq_after_ms(60000)};
    assert_int_equal(aq_channel_exec(console.channel, &none, &exit, &err), -1);
    assert_int_equal(err.code, AQ_E_GUEST_FILE_NOT_FOUND);
    close_console(&console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_is_passed),
        cmocka_unit_test(a_shell_is_taken_as_it_is),
        cmocka_unit_test(logins_are_refused_with_the_reason),
        cmocka_unit_test(output_is_exact_amid_noise),
        cmocka_unit_test(files_come_and_go_whole),
        cmocka_unit_test(what_takes_too_long_ends_with_its_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
