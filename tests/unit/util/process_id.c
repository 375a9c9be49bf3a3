/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/process.h"

#define ARGV(...)                                                                                            \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

static struct aq_error err;
static int log_fd = -1;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    log_fd = open("log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    return log_fd >= 0 ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    close(log_fd);
    return 0;
}

static int detach(const char *const *argv, struct aq_process_id *id)
{
    return aq_process_detach(argv, log_fd, NULL, 0, id, &err);
}

static aq_deadline soon(void)
{
    return aq_after_ms(60000);
}

static char *log_text(void)
{
    char text[4096];
    ssize_t length = pread(log_fd, text, sizeof text, 0);
    assert_true(length >= 0);
    return aq_strndup(text, (size_t)length);
}

static void a_detached_process_runs_on_and_belongs_to_nobody_here(void **state)
{
    (void)state;
    struct aq_process_id id;
    assert_ok(detach(ARGV("sleep", "1000"), &id));
    assert_true(aq_process_alive(&id));
    /* Neither it nor the process between is ours to reap. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    struct aq_process_id seen;
    assert_true(aq_process_identify(id.pid, &seen));
    assert_true(seen.start_time == id.start_time);
    assert_int_equal(getsid(id.pid) == getsid(0), 0);

    assert_int_equal(aq_process_wait_gone(&id, aq_after_ms(20), &err), 0);
    assert_true(aq_process_signal(&id, SIGTERM));
    assert_int_equal(aq_process_wait_gone(&id, soon(), &err), 1);
    assert_false(aq_process_alive(&id));
    assert_false(aq_process_signal(&id, SIGTERM));
    assert_int_equal(aq_process_wait_gone(&id, soon(), &err), 1);
}

static void it_outlives_the_process_that_started_it(void **state)
{
    (void)state;
    int ends[2];
    assert_return_code(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0) {
        struct aq_process_id id = {0};
        bool started = detach(ARGV("sleep", "1000"), &id) == 0;
        _exit(started && write(ends[1], &id, sizeof id) == sizeof id ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct aq_process_id id;
    assert_int_equal(read(ends[0], &id, sizeof id), sizeof id);
    close(ends[0]);
    close(ends[1]);
    assert_true(aq_process_alive(&id));
    assert_true(aq_process_signal(&id, SIGKILL));
    assert_int_equal(aq_process_wait_gone(&id, soon(), &err), 1);
}

static void its_words_go_to_the_log_and_its_files_are_private(void **state)
{
    (void)state;
    umask(022);
    struct aq_process_id id;
    assert_ok(detach(ARGV("sh", "-c", "echo out; echo err >&2; cat; umask; pwd; : >$TEST_WORK/made"), &id));
    assert_int_equal(aq_process_wait_gone(&id, soon(), &err), 1);
    aq_autofree char *text = log_text();
    assert_string_equal(text, "out\nerr\n0077\n/\n");
    struct stat made;
    assert_return_code(stat("made", &made), 0);
    assert_int_equal(made.st_mode & 0777, 0600);
}

static void only_the_kept_descriptors_are_inherited(void **state)
{
    (void)state;
    int leak = open("/dev/null", O_RDONLY);
    int kept = fcntl(leak, F_DUPFD_CLOEXEC, 77);
    int other = fcntl(leak, F_DUPFD, 500);
    struct aq_process_id id;
    /* The shell opens nothing itself, so what is listed besides ls's own folder (3) was inherited. */
    assert_ok(aq_process_detach(ARGV("ls", "/proc/self/fd"), log_fd, &kept, 1, &id, &err));
    assert_int_equal(aq_process_wait_gone(&id, soon(), &err), 1);
    aq_autofree char *text = log_text();
    assert_string_equal(text, "0\n1\n2\n3\n77\n");
    assert_int_equal(fcntl(kept, F_GETFD), FD_CLOEXEC);
    close(leak);
    close(kept);
    close(other);
}

static void what_cannot_be_executed_is_an_error_of_the_start(void **state)
{
    (void)state;
    struct aq_process_id id;
    assert_fails(detach(ARGV("no-such-program"), &id), AQ_E_TOOL_MISSING);
    int fd = open("bad-format", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_int_equal(write(fd,
                           "\x7f"
                           "ELF",
                           4),
                     4);
    close(fd);
    aq_autofree char *path = aq_format("%s/bad-format", getenv("TEST_WORK"));
    assert_fails(detach(ARGV(path), &id), AQ_E_IO);
    int closed = 99;
    assert_fails(aq_process_detach(ARGV("true"), log_fd, &closed, 1, &id, &err), AQ_E_IO);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_reused_pid_is_not_signalled(void **state)
{
    (void)state;
    struct aq_process_id id;
    assert_ok(detach(ARGV("sleep", "1000"), &id));
    struct aq_process_id earlier = {.pid = id.pid, .start_time = id.start_time - 1};
    assert_false(aq_process_alive(&earlier));
    assert_false(aq_process_signal(&earlier, SIGKILL));
    assert_int_equal(aq_process_wait_gone(&earlier, soon(), &err), 1);
    assert_true(aq_process_alive(&id));

    struct aq_process_id none[] = {{.pid = 0}, {.pid = -1}, {.pid = 1 << 30}};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(aq_process_alive(&none[i]));
        assert_false(aq_process_signal(&none[i], SIGKILL));
    }
    assert_true(aq_process_signal(&id, SIGKILL));
    assert_int_equal(aq_process_wait_gone(&id, soon(), &err), 1);
}

static void a_zombie_is_gone(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0)
        _exit(0);
    siginfo_t info;
    assert_return_code(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    struct aq_process_id id;
    assert_false(aq_process_identify(child, &id));
    waitpid(child, NULL, 0);
}

static void a_name_with_brackets_and_spaces_confuses_nobody(void **state)
{
    (void)state;
    struct aq_process_id before;
    struct aq_process_id after;
    assert_true(aq_process_identify(getpid(), &before));
    prctl(PR_SET_NAME, ") Z 1 (x) ");
    assert_true(aq_process_identify(getpid(), &after));
    assert_true(before.start_time == after.start_time && before.start_time > 0);
    prctl(PR_SET_NAME, "test");
}

static void waiting_can_be_interrupted(void **state)
{
    (void)state;
    struct aq_process_id self;
    assert_true(aq_process_identify(getpid(), &self));
    aq_interrupt();
    assert_fails(aq_process_wait_gone(&self, AQ_FOREVER, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
}

#define test(function) cmocka_unit_test_setup_teardown(function, fresh, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_detached_process_runs_on_and_belongs_to_nobody_here),
        test(it_outlives_the_process_that_started_it),
        test(its_words_go_to_the_log_and_its_files_are_private),
        test(only_the_kept_descriptors_are_inherited),
        test(what_cannot_be_executed_is_an_error_of_the_start),
        test(a_reused_pid_is_not_signalled),
        test(a_zombie_is_gone),
        test(a_name_with_brackets_and_spaces_confuses_nobody),
        test(waiting_can_be_interrupted),
    };
    return cmocka_run_group_tests_name("util/process_id", tests, NULL, NULL);
}
