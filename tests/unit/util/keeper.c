/* SPDX-License-Identifier: MIT */
/* Keepers: this program is also the keeper that it tests. Its work is a file "work" in its folder; each look
   at it is a byte in the file "looks". */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/files.h"
#include "util/home.h"
#include "util/keeper.h"
#include "util/wait.h"

#define KIND "test"
#define LONG_MS 60000

static struct aq_error err;
static char program[4096];

/* --- the keeper --- */

static bool is_idle(void *data)
{
    const struct aq_keeper *keeper = data;
    return faccessat(keeper->folder, "work", F_OK, 0) < 0;
}

static int keep(char **arguments)
{
    struct aq_keeper keeper;
    if (aq_keeper_become(KIND, arguments, &keeper, &err) <= 0)
        return 1;
    for (;;) {
        int looks = openat(keeper.folder, "looks", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (write(looks, "x", 1) != 1)
            return 1;
        close(looks);
        if (aq_keeper_may_end(&keeper, is_idle, &keeper) ||
            aq_keeper_wait(&keeper, NULL, 0, AQ_FOREVER) == AQ_KEEPER_END)
            return 0;
    }
}

/* --- the test --- */

static int folder(void)
{
    int fd = aq_keeper_folder(KIND, &err);
    assert_true(fd >= 0);
    return fd;
}

static void give_work(void)
{
    aq_autoclose int keepers = folder();
    close(openat(keepers, "work", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void take_work(void)
{
    aq_autoclose int keepers = folder();
    unlinkat(keepers, "work", 0);
}

static off_t looks(void)
{
    aq_autoclose int keepers = folder();
    struct stat st = {0};
    fstatat(keepers, "looks", &st, 0);
    return st.st_size;
}

static bool lives(void)
{
    struct aq_keeper_info info;
    int found = aq_keeper_find(KIND, &info, &err);
    assert_true(found >= 0);
    return found > 0;
}

#define assert_soon(condition)                                                                               \
    do {                                                                                                     \
        aq_deadline give_up = aq_after_ms(LONG_MS);                                                          \
        while (!(condition) && aq_ms_left(give_up) > 0)                                                      \
            aq_sleep_until(aq_after_ms(5), &err);                                                            \
        assert_true(condition);                                                                              \
    } while (0)

static int end(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    assert_ok(aq_keeper_end(KIND, aq_after_ms(LONG_MS), &err));
    aq_autoclose int home = aq_open_home(&err);
    assert_ok(aq_remove_tree_at(home, "keepers", &err));
    return 0;
}

static void one_is_started_and_told_to_look(void **state)
{
    (void)state;
    struct aq_keeper_info info, same;
    assert_int_equal(aq_keeper_find(KIND, &info, &err), 0);
    assert_int_equal(aq_keeper_nudge(KIND, &err), 0);
    give_work();
    assert_int_equal(aq_keeper_need(KIND, program, &err), 1);
    assert_int_equal(aq_keeper_find(KIND, &info, &err), 1);
    assert_true(aq_process_alive(&info.process));
    assert_string_not_equal(info.version, "");
    assert_soon(looks() == 1);
    assert_int_equal(aq_keeper_need(KIND, program, &err), 0);
    assert_soon(looks() == 2);
    assert_int_equal(aq_keeper_nudge(KIND, &err), 1);
    assert_soon(looks() == 3);
    assert_int_equal(aq_keeper_find(KIND, &same, &err), 1);
    assert_int_equal(info.process.pid, same.process.pid);
    assert_int_equal(aq_keeper_end(KIND, aq_after_ms(LONG_MS), &err), 1);
    assert_false(lives());
    assert_false(aq_process_alive(&info.process));
    assert_int_equal(aq_keeper_end(KIND, aq_after_ms(LONG_MS), &err), 0);
}

static void it_ends_when_there_is_nothing_to_do(void **state)
{
    (void)state;
    assert_int_equal(aq_keeper_need(KIND, program, &err), 1); /* there is no work at all */
    assert_soon(!lives());
    give_work();
    assert_int_equal(aq_keeper_need(KIND, program, &err), 1);
    take_work();
    aq_keeper_nudge(KIND, &err);
    assert_soon(!lives());
}

/* Work that comes at the very moment that it would end is never left undone. */
static void no_request_is_lost(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        give_work();
        assert_ok(aq_keeper_need(KIND, program, &err));
        off_t before = looks();
        take_work();
        assert_ok(aq_keeper_nudge(KIND, &err));
        if (i % 2 == 0)
            aq_sleep_until(aq_now() + i * 100000LL, &err);
        give_work();
        assert_ok(aq_keeper_need(KIND, program, &err));
        assert_soon(looks() > before);
        assert_true(lives());
    }
}

static void many_that_ask_at_once_get_one(void **state)
{
    (void)state;
    give_work();
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            _exit(aq_keeper_need(KIND, program, &err) == 1 ? 1 : err.code == AQ_OK ? 0 : 2);
    int started = 0, status;
    for (int i = 0; i < 8; i++) {
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
        started += WEXITSTATUS(status);
    }
    assert_int_equal(started, 1);
    assert_true(lives());
}

static void one_that_was_killed_is_replaced(void **state)
{
    (void)state;
    struct aq_keeper_info info;
    give_work();
    assert_int_equal(aq_keeper_need(KIND, program, &err), 1);
    assert_int_equal(aq_keeper_find(KIND, &info, &err), 1);
    aq_process_signal(&info.process, SIGKILL);
    assert_int_equal(aq_process_wait_gone(&info.process, aq_after_ms(LONG_MS), &err), 1);
    assert_false(lives());
    assert_int_equal(aq_keeper_need(KIND, program, &err), 1);
    assert_true(lives());
    /* One that hangs is ended all the same. */
    assert_int_equal(aq_keeper_find(KIND, &info, &err), 1);
    aq_process_signal(&info.process, SIGSTOP);
    assert_int_equal(aq_keeper_end(KIND, aq_after_ms(50), &err), 1);
    assert_false(lives());
}

static void it_ends_with_its_store(void **state)
{
    (void)state;
    struct aq_keeper_info info;
    give_work();
    assert_int_equal(aq_keeper_need(KIND, program, &err), 1);
    assert_int_equal(aq_keeper_find(KIND, &info, &err), 1);
    assert_soon(looks() == 1);
    aq_autoclose int home = aq_open_home(&err);
    assert_ok(aq_remove_tree_at(home, "keepers", &err));
    aq_process_signal(&info.process, SIGUSR1);
    assert_int_equal(aq_process_wait_gone(&info.process, aq_after_ms(LONG_MS), &err), 1);
}

static void install(const char *name)
{
    const struct timespec long_ago[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    aq_autoclose int from = open(program, O_RDONLY | O_CLOEXEC);
    aq_autoclose int to = open("new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_ok(aq_copy_contents(from, to, &err));
    assert_int_equal(futimens(to, long_ago), 0);
    assert_int_equal(rename("new", name), 0);
}

/* The same process with the new program, and never a moment without the lock. */
static void a_new_version_takes_over(void **state)
{
    (void)state;
    struct aq_keeper_info info, later;
    install("installed");
    aq_autofree char *path = aq_absolute_path("installed", &err);
    give_work();
    assert_int_equal(aq_keeper_need(KIND, path, &err), 1);
    assert_int_equal(aq_keeper_find(KIND, &info, &err), 1);
    assert_soon(looks() == 1);
    install("installed");
    aq_process_signal(&info.process, SIGUSR1);
    assert_soon(looks() == 2);
    assert_int_equal(aq_keeper_find(KIND, &later, &err), 1);
    assert_int_equal(info.process.pid, later.process.pid);
    aq_autobuffer struct aq_buffer log = {0};
    aq_autoclose int keepers = folder();
    assert_ok(aq_read_file_at(keepers, AQ_KEEPER_LOG, 1 << 20, &log, &err));
    assert_non_null(strstr(log.data, "becoming the new one"));
    assert_non_null(strstr(log.data, "goes on, version"));
    assert_int_equal(aq_keeper_nudge(KIND, &err), 1); /* it listens as before */
    assert_soon(looks() == 3);
}

static void what_does_not_come_up_says_why(void **state)
{
    (void)state;
    assert_fails(aq_keeper_need(KIND, "/bin/false", &err), AQ_E_FAILED);
    assert_fails(aq_keeper_need(KIND, "/no/such/program", &err), AQ_E_TOOL_MISSING);
    assert_false(lives());
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], KIND) == 0)
        return keep(argv + 2);
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_is_started_and_told_to_look, end),
        cmocka_unit_test_teardown(it_ends_when_there_is_nothing_to_do, end),
        cmocka_unit_test_teardown(no_request_is_lost, end),
        cmocka_unit_test_teardown(many_that_ask_at_once_get_one, end),
        cmocka_unit_test_teardown(one_that_was_killed_is_replaced, end),
        cmocka_unit_test_teardown(it_ends_with_its_store, end),
        cmocka_unit_test_teardown(a_new_version_takes_over, end),
        cmocka_unit_test_teardown(what_does_not_come_up_says_why, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
