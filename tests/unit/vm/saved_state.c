/* SPDX-License-Identifier: MIT */
/* VMs that are put away and go on. */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "disk.h"

static void a_vm_is_put_away_and_goes_on(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autofree char *pid = aq_strdup(field("PID"));
    assert_command("save_state one");
    assert_string_equal(field("STATUS"), "saved");
    assert_command("list");
    assert_string_equal(aq_result_cell(last, 0, 0, "STATUS", NULL), "saved");
    assert_string_equal(field("RUNNING"), "0");
    assert_command("list_snapshots one"); /* where it is kept is nobody's business */
    assert_string_equal(field("COUNT"), "0");
    assert_refused("VM_NOT_RUNNING", "save_state one");
    assert_says("is saved; `restore_state name=one`");
    assert_command("restore_state name=one");
    assert_string_equal(field("STATUS"), "running");
    assert_string_not_equal(field("PID"), pid);
    assert_string_equal(field("CLOCK_SET"), "0"); /* there is no guest */
    assert_command("status one");
    assert_string_equal(field("STATUS"), "running");
    assert_refused("VM_RUNNING", "start one");
    assert_command("save_state one"); /* again: the first one's room is free */
    assert_command("restore_state one");
}

static void a_saved_vm_does_not_simply_start(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("snapshot name=one snapshot_name=before");
    assert_command("save_state one");
    assert_refused("VM_SAVED", "start one");
    assert_says("restore_state name=one");
    assert_refused("VM_SAVED", "start_if_stopped one");
    assert_refused("VM_SAVED", "restart one");
    assert_refused("VM_SAVED", "restore name=one snapshot_name=before");
    assert_command("cleanup");
    assert_string_equal(field("COUNT"), "0");
    assert_command("rename one new_name=two");
    assert_string_equal(field("STATUS"), "saved");
    assert_command("start two discard_state=true");
    assert_string_equal(field("STATUS"), "running");
    assert_command("stop two force=true");
    assert_string_equal(field("STATUS"), "stopped");
    assert_refused("STATE_NOT_FOUND", "restore_state two");
    assert_refused("VM_NOT_FOUND", "restore_state one");
}

/* What cannot be loaded is still saved, and nothing of the try runs on. */
static void a_failed_return_keeps_the_state(void **state)
{
    (void)state;
    assert_command("clone base=base name=one memory=64M");
    assert_command("save_state one");
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *record = aq_format("%s/vms/one/vm.yaml", home);
    tool("sed", "-i", "s/^memory: 64$/memory: 96/", record);
    assert_refused("QMP_FAILED", "restore_state one");
    assert_command("status one");
    assert_string_equal(field("STATUS"), "saved");
    tool("sed", "-i", "s/^memory: 96$/memory: 64/", record);
    assert_command("restore_state one");
    assert_string_equal(field("STATUS"), "running");
}

/* A disk that is full in the middle: the VM goes on. */
static void a_failed_save_leaves_the_vm_running(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    assert_ok(aq_vm_load("one", &vm, &err));
    assert_int_equal(aq_run_read(&vm, &run, &err), 1);
    aq_autofree char *pid = aq_format("%d", run.process.pid);
    tool("prlimit", "--fsize=300000:", "--pid", pid); /* SIGXFSZ is ignored by QEMU: EFBIG */
    assert_int_not_equal(command("save_state one"), 0);
    assert_command("status one");
    assert_string_equal(field("STATUS"), "running");
    assert_qemu_is("one", "running");
}

/* The machine's type of a running VM, as QEMU has it: "pc-q35-7.2-machine". free() it. */
static char *machine_of(const char *name)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    json_t *type = NULL;
    assert_ok(aq_vm_load(name, &vm, &err));
    assert_ok(aq_run_need(&vm, &run, &err));
    aq_autoclose int folder = aq_run_open_folder(&run, &err);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(folder, aq_after_ms(60000), &err);
    assert_non_null(qmp);
    assert_ok(aq_qmp_command(qmp, "qom-get", json_pack("{s:s, s:s}", "path", "/machine", "property", "type"),
                             aq_after_ms(60000), &type, &err));
    char *text = aq_strdup(json_string_value(type));
    json_decref(type);
    return text;
}

/* A state is bound to the machine that it was made on: as long as there is one, the VM gets that machine. */
static void a_state_is_bound_to_its_machine(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autofree char *today = machine_of("one");
    assert_command("snapshot name=one snapshot_name=s");
    aq_autovm struct aq_vm vm = {0};
    assert_ok(aq_vm_load("one", &vm, &err));
    assert_int_equal(strncmp(vm.bound.machine, "pc-q35-", 7), 0);
    assert_int_equal(strncmp(today, vm.bound.machine, strlen(vm.bound.machine)), 0);
    assert_true(strlen(vm.bound.cpu) > 0);
    assert_command("stop one force=true");
    /* As if it had been made by an earlier QEMU. */
    tool("sh", "-c",
         "sed -i 's/machine: pc-q35-.*/machine: pc-q35-6.2/' \"$ADDRESS_QEMU_HOME/vms/one/vm.yaml\"");
    assert_command("start one");
    aq_autofree char *bound = machine_of("one");
    assert_string_equal(bound, "pc-q35-6.2-machine");
    assert_command("save_state one");
    assert_command("restore_state one");
    aq_autofree char *restored = machine_of("one");
    assert_string_equal(restored, "pc-q35-6.2-machine");
    assert_command("remove_snapshot name=one snapshot_name=s");
    assert_command("stop one force=true");
    assert_command("start one"); /* nothing is bound any more */
    aq_autofree char *free_again = machine_of("one");
    assert_string_equal(free_again, today);
}

/* Neither running nor gone: it stands still, or is on its way out. */
static bool lingers(const char *name)
{
    struct aq_error reason = {0};
    struct aq_run run;
    aq_autovm struct aq_vm vm = {0};
    assert_ok(aq_vm_load(name, &vm, &err));
    if (aq_run_read(&vm, &run, &err) == 0)
        return false;
    aq_autoclose int folder = aq_run_open_folder(&run, &reason);
    aq_autoqmp struct aq_qmp *qmp = folder >= 0 ? aq_qmp_connect(folder, aq_after_ms(60000), &reason) : NULL;
    aq_autofree char *status = qmp != NULL ? aq_qmp_status(qmp, aq_after_ms(60000), &reason) : NULL;
    return status == NULL || strcmp(status, "running") != 0;
}

/* Whoever saves dies: the VM is saved, or stopped, or goes on; but it does not stand still. */
static void death_of_who_saves(void **state)
{
    (void)state;
    for (int round = 0; round < 8; round++) {
        fresh(NULL);
        assert_command("clone base=base name=one");
        pid_t pid = fork();
        if (pid == 0)
            _exit(command("save_state one"));
        usleep((useconds_t)(2000 + round * 9000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        for (int i = 0; i < 600 && lingers("one"); i++)
            usleep(50000);
        assert_false(lingers("one"));
        assert_command("status one");
        if (strcmp(field("STATUS"), "saved") == 0)
            assert_command("restore_state one");
        if (strcmp(field("STATUS"), "stopped") == 0)
            assert_command("start one");
        assert_qemu_is("one", "running");
        ended(NULL);
    }
}

static void have_it_go_on(void)
{
    assert_command("status one");
    if (strcmp(field("STATUS"), "saved") == 0)
        assert_command("restore_state one");
    if (strcmp(field("STATUS"), "stopped") == 0)
        assert_command("start one");
}

/* Whoever has it go on dies: the state is still there, or the VM has gone on and is never put back to it. */
static void death_of_who_restores(void **state)
{
    (void)state;
    fresh(NULL);
    assert_command("clone base=base name=one");
    for (int round = 0; round < 10; round++) {
        disk_mark("one", 1, 1);
        assert_command("save_state one");
        pid_t pid = fork();
        if (pid == 0)
            _exit(command("restore_state one"));
        usleep((useconds_t)(20000 + round * 23000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        have_it_go_on();
        assert_disk("one", 1, 1);
        disk_mark("one", 1, 2);
        if (round % 2 == 0)
            assert_command("stop one force=true");
        have_it_go_on();
        assert_disk("one", 1, 2);
        assert_qemu_is("one", "running");
    }
    ended(NULL);
}

/* As a process leaves it that was killed when the VM went on, before it could note so; however the VM ends
 * then. */
static void a_state_that_was_gone_on_from_is_void(void **state)
{
    (void)state;
    for (int end = 0; end < 3; end++) {
        assert_command("clone base=base name=one");
        assert_command("save_state one");
        tool("sh", "-c", "cp \"$ADDRESS_QEMU_HOME/vms/one/vm.yaml\" saved.yaml");
        assert_command("restore_state one");
        disk_mark("one", 1, 2);
        tool("sh", "-c",
             "cd \"$ADDRESS_QEMU_HOME/vms/one\" && cp \"$OLDPWD/saved.yaml\" vm.yaml && echo 'resumed: true' "
             ">>run.yaml");
        if (end == 0)
            assert_command("stop one force=true");
        if (end == 1) {
            assert_command("status one");
            pid_t qemu = atoi(field("PID"));
            kill(qemu, SIGKILL);
            while (kill(qemu, 0) == 0)
                usleep(1000);
        }
        if (end == 2) /* it is told by the VM itself as well */
            tool("sh", "-c", "sed -i '/^resumed/d' \"$ADDRESS_QEMU_HOME/vms/one/run.yaml\"");
        if (end < 2)
            assert_refused("STATE_NOT_FOUND", "restore_state one");
        else
            assert_command("resize name=one disk=65M"); /* refused for one that has a state */
        assert_disk("one", 1, 2);
        assert_command("remove one force=true");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_vm_is_put_away_and_goes_on, fresh, ended),
        cmocka_unit_test_setup_teardown(a_saved_vm_does_not_simply_start, fresh, ended),
        cmocka_unit_test_setup_teardown(a_failed_return_keeps_the_state, fresh, ended),
        cmocka_unit_test_setup_teardown(a_state_is_bound_to_its_machine, fresh, ended),
        cmocka_unit_test(death_of_who_saves),
        cmocka_unit_test(death_of_who_restores),
        cmocka_unit_test_setup_teardown(a_state_that_was_gone_on_from_is_void, fresh, ended),
        cmocka_unit_test_setup_teardown(a_failed_save_leaves_the_vm_running, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/saved_state", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
