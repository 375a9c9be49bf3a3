/* SPDX-License-Identifier: MIT */
/* The verbs of a VM's life: pausing, starting and stopping where it is needed, renaming, clearing up. */
#include "test.h"

#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "bios-vm.h"

static void a_vm_is_paused_and_goes_on(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("pause one");
    assert_string_equal(field("STATUS"), "paused");
    assert_string_equal(field("SKIPPED"), "0");
    assert_qemu_is("one", "paused");
    assert_command("list");
    assert_string_equal(aq_result_cell(last, 0, 0, "STATUS", NULL), "paused");
    assert_string_equal(field("RUNNING"), "1");
    assert_command("inspect one");
    assert_string_equal(field("STATUS"), "paused");
    assert_command("pause vm=one");
    assert_string_equal(field("SKIPPED"), "1");
    assert_refused("VM_PAUSED", "execute vm=one command=true");
    assert_refused("VM_PAUSED", "wait one");
    assert_refused("VM_PAUSED", "copy_from vm=one remote=/etc/hostname local=hostname");
    assert_refused("VM_RUNNING", "start one");
    assert_command("resume one");
    assert_string_equal(field("STATUS"), "running");
    assert_string_equal(field("SKIPPED"), "0");
    assert_qemu_is("one", "running");
    assert_command("resume one");
    assert_string_equal(field("SKIPPED"), "1");
}

/* A process that died between telling QEMU and noting it: QEMU is right. */
static void a_wrong_note_is_put_right(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("pause one");
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    assert_ok(aq_vm_load("one", &vm, &err));
    assert_int_equal(aq_run_read(&vm, &run, &err), 1);
    run.paused = false;
    aq_autoclose int folder = aq_vm_open("one", &err);
    assert_ok(aq_run_write(folder, &run, &err));
    assert_command("resume one");
    assert_string_equal(field("SKIPPED"), "0");
    assert_qemu_is("one", "running");
}

static void only_a_running_vm_is_paused(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_refused("VM_NOT_RUNNING", "pause one");
    assert_refused("VM_NOT_RUNNING", "resume one");
    assert_refused("VM_NOT_FOUND", "pause onne");
    assert_says("did you mean one?");
}

static void a_paused_vm_is_stopped(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("pause one");
    assert_command("stop one timeout=1s");
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("start one");
    assert_string_equal(field("STATUS"), "running");
}

static void what_is_so_already_is_skipped(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("stop_if_running one");
    assert_string_equal(field("SKIPPED"), "1");
    assert_command("start_if_stopped name=one");
    assert_string_equal(field("SKIPPED"), "0");
    aq_autofree char *pid = aq_strdup(field("PID"));
    assert_command("start_if_stopped vm=one");
    assert_string_equal(field("SKIPPED"), "1");
    assert_string_equal(field("PID"), pid);
    assert_command("stop_if_running one force=true");
    assert_string_equal(field("SKIPPED"), "0");
    assert_string_equal(field("STATUS"), "stopped");
    assert_refused("VM_NOT_FOUND", "start_if_stopped two");
    assert_refused("VM_NOT_FOUND", "stop_if_running two");
}

/* Of many at once one starts it, and all are content. */
static void parallel_starts_of_one_vm_agree(void **state)
{
    (void)state;
    enum { STARTERS = 8 };
    assert_command("clone base=base name=one no_start");
    for (int i = 0; i < STARTERS; i++)
        if (fork() == 0)
            _exit(command("start_if_stopped one") != 0 ? 2 : atoi(field("SKIPPED")));
    int skipped = 0;
    for (int i = 0; i < STARTERS; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        skipped += WEXITSTATUS(status);
    }
    assert_int_equal(skipped, STARTERS - 1);
}

static void a_restart_is_another_process(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autofree char *pid = aq_strdup(field("PID"));
    assert_command("restart one force=true");
    assert_string_equal(field("STATUS"), "running");
    assert_string_not_equal(field("PID"), pid);
    assert_command("stop one force=true");
    assert_command("restart one");
    assert_string_equal(field("STATUS"), "running");
    assert_refused("VM_NOT_FOUND", "restart two");
}

static void a_stopped_vm_is_renamed(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("inspect one");
    aq_autofree char *id = aq_strdup(field("ID"));
    assert_command("clone base=base name=two no_start");
    assert_refused("VM_EXISTS", "rename one new_name=two");
    assert_refused("VM_NOT_FOUND", "rename three new_name=four");
    assert_refused("VALUE_INVALID", "rename one new_name=../four");
    assert_command("rename one new_name=four");
    assert_string_equal(field("VM"), "four");
    assert_refused("VM_NOT_FOUND", "status one");
    assert_command("inspect four");
    assert_string_equal(field("ID"), id);
    assert_string_equal(field("BASE_STATUS"), "ready");
    assert_command("start four");
    assert_refused("VM_RUNNING", "rename four new_name=five");
}

static void the_stopped_vms_are_cleared_up(void **state)
{
    (void)state;
    assert_command("clone base=base name=still no_start");
    assert_command("clone base=base name=busy");
    assert_command("cleanup dry_run=true");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(aq_result_cell(last, 0, 0, "NAME", NULL), "still");
    assert_string_equal(aq_result_cell(last, 0, 0, "REMOVED", NULL), "0");
    assert_command("cleanup older_than=1h");
    assert_string_equal(field("COUNT"), "0");
    assert_command("status still");

    aq_autofree char *disk = aq_strdup(field("DISK"));
    const struct timeval long_ago[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    assert_int_equal(utimes(disk, long_ago), 0);
    assert_command("cleanup older_than=1h all=true");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(aq_result_cell(last, 0, 0, "REMOVED", NULL), "1");
    assert_refused("VM_NOT_FOUND", "status still");
    assert_command("status busy");
    assert_command("cleanup");
    assert_string_equal(field("COUNT"), "0");
    assert_command("cleanup all=true");
    assert_string_equal(field("COUNT"), "1");
    assert_command("list");
    assert_string_equal(field("COUNT"), "0");
}

/* A record that cannot be read says nothing of whether the VM is wanted. */
static void a_broken_vm_goes_with_all(void **state)
{
    (void)state;
    assert_command("clone base=base name=a no_start");
    assert_command("clone base=base name=b no_start");
    assert_command("clone base=base name=c no_start");
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *record = aq_format("%s/vms/b/vm.yaml", home);
    assert_int_equal(truncate(record, 10), 0);
    assert_command("cleanup dry_run=true");
    assert_string_equal(field("COUNT"), "2");
    assert_command("cleanup all=true");
    assert_string_equal(field("COUNT"), "3");
    assert_string_equal(aq_result_cell(last, 0, 1, "STATUS", NULL), "broken");
}

static void the_end_of_the_console_is_shown(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("logs one");
    assert_int_equal(aq_result_row_count(last, 0), 0);
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *path = aq_format("%s/vms/one/console.log", home);
    static const char said[] = "first\r\nsecond\r\n\033[31mthird\033[0m\r\n";
    assert_ok(aq_write_new_file_at(AT_FDCWD, path, said, sizeof said - 1, 0600, &err));
    assert_command("logs name=one lines=2");
    assert_int_equal(aq_result_row_count(last, 0), 2);
    assert_string_equal(aq_result_cell(last, 0, 0, "", NULL), "second");
    assert_string_equal(aq_result_cell(last, 0, 1, "", NULL), "third");
    assert_refused("VALUE_INVALID", "logs one lines=0");
}

static void only_pools_are_drained(void **state)
{
    (void)state;
    assert_refused("TEMPLATE_NOT_FOUND", "pool drain template=nope");
    assert_command("pool drain");
    assert_string_equal(field("COUNT"), "0");
    assert_string_equal(aq_result_output(last), "drained 0 pools with 0 clones");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_vm_is_paused_and_goes_on, fresh, ended),
        cmocka_unit_test_setup_teardown(a_wrong_note_is_put_right, fresh, ended),
        cmocka_unit_test_setup_teardown(only_a_running_vm_is_paused, fresh, ended),
        cmocka_unit_test_setup_teardown(a_paused_vm_is_stopped, fresh, ended),
        cmocka_unit_test_setup_teardown(what_is_so_already_is_skipped, fresh, ended),
        cmocka_unit_test_setup_teardown(parallel_starts_of_one_vm_agree, fresh, ended),
        cmocka_unit_test_setup_teardown(a_restart_is_another_process, fresh, ended),
        cmocka_unit_test_setup_teardown(a_stopped_vm_is_renamed, fresh, ended),
        cmocka_unit_test_setup_teardown(the_stopped_vms_are_cleared_up, fresh, ended),
        cmocka_unit_test_setup_teardown(a_broken_vm_goes_with_all, fresh, ended),
        cmocka_unit_test_setup_teardown(the_end_of_the_console_is_shown, fresh, ended),
        cmocka_unit_test_setup_teardown(only_pools_are_drained, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("verbs/life", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
