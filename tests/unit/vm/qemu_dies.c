/* SPDX-License-Identifier: MIT */
/* QEMU is killed while something is done to its VM: the command ends and says so, and nothing is lost. */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "disk.h"

enum { ROUNDS = 4 };

/* Has that process killed after some time. */
static pid_t kill_later(pid_t victim, int microseconds)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    usleep((useconds_t)microseconds);
    kill(victim, SIGKILL);
    _exit(0);
}

static void wait_gone(pid_t pid)
{
    while (kill(pid, 0) == 0)
        usleep(1000);
}

/* Whatever came of the command: done, or a failure with a reason. */
static void run_while_it_dies(const char *text, int microseconds)
{
    assert_command("status one");
    pid_t qemu = atoi(field("PID"));
    pid_t killer = kill_later(qemu, microseconds);
    if (command("%s", text) != 0 && strlen(aq_result_error(last)) < 10)
        fail_msg("%s failed and says: %s", text, aq_result_error(last));
    waitpid(killer, NULL, 0);
    wait_gone(qemu);
}

static void have_it_run(void)
{
    assert_command("status one");
    if (strcmp(field("STATUS"), "saved") == 0)
        assert_command("restore_state one");
    else
        assert_command("start one");
    assert_qemu_is("one", "running");
}

static void nothing_is_lost_by(const char *text, int step)
{
    assert_command("clone base=base name=low no_start");
    disk_mark("low", 1, 1);
    assert_command("clone vm=low name=one");
    disk_mark("one", 2, 2);
    assert_command("snapshot name=one snapshot_name=kept");
    if (strncmp(text, "flatten", 7) == 0)
        assert_command("remove_snapshot name=one snapshot_name=kept");
    for (int round = 0; round < ROUNDS; round++) {
        if (strncmp(text, "remove", 6) == 0 && round % 2 == 0)
            command("snapshot name=one snapshot_name=old memory=false"); /* unless it is still there */
        run_while_it_dies(text, 500 + round * step);
        have_it_run();
        assert_disk("one", 1, 1);
        assert_disk("one", 2, 2);
        assert_sound("one");
    }
    assert_command("list");
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++)
        assert_string_not_equal(aq_result_cell(last, 0, row, "STATUS", NULL), "broken");
}

static void taking_a_snapshot(void **state)
{
    (void)state;
    nothing_is_lost_by("snapshot name=one snapshot_name=new", 7000);
}

static void going_back_to_one(void **state)
{
    (void)state;
    nothing_is_lost_by("restore name=one snapshot_name=kept", 5000);
}

static void removing_one(void **state)
{
    (void)state;
    nothing_is_lost_by("remove_snapshot name=one snapshot_name=old", 2000);
}

static void saving_its_state(void **state)
{
    (void)state;
    nothing_is_lost_by("save_state one", 9000);
}

static void making_it_stand_alone(void **state)
{
    (void)state;
    nothing_is_lost_by("flatten one", 3000);
}

static void making_it_larger(void **state)
{
    (void)state;
    nothing_is_lost_by("resize name=one disk=96M", 1500);
}

static void cloning_it(void **state)
{
    (void)state;
    nothing_is_lost_by("clone vm=one no_start", 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(taking_a_snapshot, fresh, ended),
        cmocka_unit_test_setup_teardown(going_back_to_one, fresh, ended),
        cmocka_unit_test_setup_teardown(removing_one, fresh, ended),
        cmocka_unit_test_setup_teardown(saving_its_state, fresh, ended),
        cmocka_unit_test_setup_teardown(making_it_stand_alone, fresh, ended),
        cmocka_unit_test_setup_teardown(making_it_larger, fresh, ended),
        cmocka_unit_test_setup_teardown(cloning_it, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/qemu_dies", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
