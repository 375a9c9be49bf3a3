/* SPDX-License-Identifier: MIT */
/* Pools as they are on disk: their records, and members that live or do not. Real clones wait in
 * tests/vm/pool.sh. */
#include "vm/pool.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "util/files.h"
#include "vm/memory.h"

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    unsigned count;
    err = (struct aq_error){0};
    assert_ok(aq_pool_drain("web", &count, &err));
    return 0;
}

/* A member whose "QEMU" is a process that does nothing. */
static pid_t add_member(const char *name)
{
    char here[PATH_MAX];
    struct aq_run run = {.accel = AQ_ACCEL_TCG};
    aq_autoclose int pool = aq_pool_open("web", true, &err);
    aq_autoclose int member = aq_open_private_dir_at(pool, name, &err);
    assert_ok(member);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    assert_true(aq_process_identify(child, &run.process));
    assert_non_null(getcwd(here, sizeof here));
    snprintf(run.folder, sizeof run.folder, "%.400s/sockets-%s", here, name);
    aq_autoclose int sockets = aq_open_private_dir(run.folder, &err);
    assert_ok(sockets);
    assert_ok(aq_run_write(member, &run, &err));
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static size_t count_ready(void)
{
    aq_autostrings struct aq_strings ready = {0};
    assert_ok(aq_pool_ready("web", &ready, &err));
    return ready.count;
}

static void what_is_not_there_is_no_failure(void **state)
{
    (void)state;
    unsigned count = 7;
    aq_autopool struct aq_pool pool = {0};
    assert_int_equal(aq_pool_load("web", &pool, &err), 0);
    assert_false(aq_pool_exists("web"));
    assert_int_equal(count_ready(), 0);
    assert_ok(aq_pool_drain("web", &count, &err));
    assert_int_equal(count, 0);
}

static void a_record_is_kept(void **state)
{
    (void)state;
    aq_autopool struct aq_pool read = {0}, again = {0};
    assert_ok(aq_pool_set_size("web", 3, &err));
    assert_ok(aq_pool_note_failure("web", "no room", &err));
    assert_int_equal(aq_pool_load("web", &read, &err), 1);
    assert_int_equal(read.size, 3);
    assert_true(read.failed_at > 0);
    assert_string_equal(read.failure, "no room");
    assert_true(read.created[0] != '\0' && read.failed[0] != '\0');
    assert_true(aq_pool_exists("web"));
    assert_ok(aq_pool_note_failure("web", NULL, &err));
    assert_int_equal(aq_pool_load("web", &again, &err), 1);
    assert_string_equal(again.failure, "");
    assert_int_equal(again.size, 3);
    assert_string_equal(again.created, read.created);
}

/* The keeper fills for minutes, and speaks then of a pool that is another, or none any more. */
static void what_comes_of_filling_changes_nothing_else(void **state)
{
    (void)state;
    unsigned count;
    aq_autopool struct aq_pool read = {0};
    assert_ok(aq_pool_set_size("web", 3, &err));
    assert_ok(aq_pool_drain("web", &count, &err));
    assert_ok(aq_pool_note_failure("web", "no room", &err));
    assert_ok(aq_pool_note_failure("web", NULL, &err));
    assert_false(aq_pool_exists("web"));
    assert_ok(aq_pool_set_size("web", 5, &err));
    assert_ok(aq_pool_clear_remains("web", &err)); /* none: it was set up anew */
    assert_ok(aq_pool_note_failure("web", "no room", &err));
    assert_int_equal(aq_pool_load("web", &read, &err), 1);
    assert_int_equal(read.size, 5);
}

static void the_record_is_changed_by_one_at_a_time(void **state)
{
    (void)state;
    enum { ROUNDS = 50 };
    aq_autopool struct aq_pool read = {0};
    assert_ok(aq_pool_set_size("web", 1, &err));
    pid_t keeper = fork();
    if (keeper == 0) {
        for (int i = 0; i < ROUNDS; i++)
            if (aq_pool_note_failure("web", i % 2 == 0 ? "no room" : NULL, &err) < 0)
                _exit(1);
        _exit(0);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        aq_autopool struct aq_pool now = {0};
        assert_ok(aq_pool_set_size("web", 2 + i, &err));
        assert_int_equal(aq_pool_load("web", &now, &err), 1);
        assert_int_equal(now.size, 2 + i);
    }
    int status;
    assert_int_equal(waitpid(keeper, &status, 0), keeper);
    assert_int_equal(status, 0);
    assert_int_equal(aq_pool_load("web", &read, &err), 1);
    assert_int_equal(read.size, ROUNDS + 1);
}

static void a_damaged_record_is_told_and_drained(void **state)
{
    (void)state;
    static const char *const damaged[] = {"size: 3\n", "format: 1\nsize: -1\n", "format: 1\nsize: many\n",
                                          "["};
    unsigned count;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        aq_autopool struct aq_pool pool = {0};
        aq_autoclose int folder = aq_pool_open("web", true, &err);
        assert_ok(aq_replace_file_at(folder, "pool.yaml", damaged[i], strlen(damaged[i]), &err));
        assert_fails(aq_pool_load("web", &pool, &err), AQ_E_RECORD_INVALID);
    }
    assert_ok(aq_pool_drain("web", &count, &err));
    assert_false(aq_pool_exists("web"));
}

static void only_what_lives_is_ready(void **state)
{
    (void)state;
    unsigned ended = 0;
    pid_t first = add_member("first"), second = add_member("second");
    aq_autoclose int folder = aq_pool_open("web", false, &err);
    assert_int_equal(count_ready(), 2);
    end(first);
    assert_int_equal(count_ready(), 1);
    assert_int_equal(aq_pool_trim(folder, 5, &ended), 1);
    assert_int_equal(ended, 1);
    assert_int_equal(faccessat(folder, "first", F_OK, 0), -1);
    assert_int_equal(access("sockets-first", F_OK), -1);
    end(second);
}

static void what_is_too_much_is_ended(void **state)
{
    (void)state;
    unsigned count;
    pid_t children[] = {add_member("a"), add_member("b"), add_member("c")};
    unsigned ended = 0;
    {
        aq_autoclose int folder = aq_pool_open("web", false, &err);
        assert_int_equal(aq_pool_trim(folder, 1, &ended), 1);
    }
    assert_int_equal(ended, 2);
    assert_ok(aq_pool_drain("web", &count, &err));
    assert_int_equal(count, 1);
    for (size_t i = 0; i < 3; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    assert_false(aq_pool_exists("web"));
}

/* It is locked by whoever takes it. */
static void one_that_is_being_claimed_is_left_alone(void **state)
{
    (void)state;
    unsigned ended = 0;
    pid_t child = add_member("taken");
    aq_autoclose int folder = aq_pool_open("web", false, &err);
    {
        aq_autoclose int lock = -1;
        assert_int_equal(aq_folder_lock(folder, "taken", AQ_LOCK_EXCLUSIVE, 0, &lock, &err), AQ_LOCK_HELD);
        assert_int_equal(aq_pool_trim(folder, 0, &ended), 0);
        assert_int_equal(ended, 0);
        assert_int_equal(kill(child, 0), 0);
    }
    end(child);
}

static void more_than_there_is_memory_for_is_refused(void **state)
{
    (void)state;
    assert_ok(aq_memory_check(0, UINT64_MAX, &err));
    assert_ok(aq_memory_check(1, 4096, &err));
    assert_fails(aq_memory_check(1, UINT64_MAX / 2, &err), AQ_E_MEMORY_SHORT);
    assert_fails(aq_memory_check(1000000, aq_memory_of_vm(1024), &err), AQ_E_MEMORY_SHORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_not_there_is_no_failure, fresh),
        cmocka_unit_test_setup(a_record_is_kept, fresh),
        cmocka_unit_test_setup(what_comes_of_filling_changes_nothing_else, fresh),
        cmocka_unit_test_setup(the_record_is_changed_by_one_at_a_time, fresh),
        cmocka_unit_test_setup(a_damaged_record_is_told_and_drained, fresh),
        cmocka_unit_test_setup(only_what_lives_is_ready, fresh),
        cmocka_unit_test_setup(what_is_too_much_is_ended, fresh),
        cmocka_unit_test_setup(one_that_is_being_claimed_is_left_alone, fresh),
        cmocka_unit_test_setup(more_than_there_is_memory_for_is_refused, fresh),
    };
    return cmocka_run_group_tests_name("vm/pool", tests, NULL, NULL);
}
