/* SPDX-License-Identifier: MIT */
/* Flattening and committing: what is read afterwards, what is refused, and death in the middle. */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "disk.h"

/* A base with marks 1 to 3 at those megabytes, a VM `one` with 5 at 2 and a clone `two` of it with 6 at 3. */
static void plant(void)
{
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 1 1M 64k", "-c", "write -P 2 2M 64k", "-c",
         "write -P 3 3M 64k", "base.qcow2");
    assert_command("register_base name=base disk=base.qcow2 memory=64M cpus=1 replace=true");
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 2, 5);
    assert_command("clone vm=one name=two no_start");
    disk_mark("two", 3, 6);
}

static void assert_two(void)
{
    assert_disk("two", 1, 1);
    assert_disk("two", 2, 5);
    assert_disk("two", 3, 6);
}

static void a_stopped_vm_is_flattened(void **state)
{
    (void)state;
    plant();
    assert_command("flatten name=two");
    assert_string_equal(field("SKIPPED"), "0");
    assert_string_equal(field("LAYER"), "");
    assert_int_equal(assert_sound("two"), 1);
    assert_two();
    assert_command("flatten two");
    assert_string_equal(field("SKIPPED"), "1");
    assert_command("remove one");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "1");
    assert_command("remove_base name=base");
    unlink("base.qcow2");
    assert_two();
    assert_command("start two");
    assert_command("snapshot name=two snapshot_name=s");
    assert_command("clone vm=two snapshot=s name=tri no_start");
    assert_disk("tri", 1, 1);
    assert_sound("tri");
    assert_command("clone vm=two name=now no_start");
    assert_disk("now", 2, 5);
    assert_command("inspect two");
    assert_non_null(strstr(aq_result_output(last), "two, cloned from base"));
}

static void a_running_vm_is_flattened(void **state)
{
    (void)state;
    plant();
    assert_command("start two");
    aq_autofree char *pid = aq_strdup(field("PID"));
    assert_command("clone vm=two name=tri no_start"); /* the layer under it now was made while it runs */
    disk_mark("two", 4, 7);
    assert_command("flatten two");
    assert_string_equal(field("PID"), pid);
    assert_two();
    assert_int_equal(assert_sound("two"), 1);
    disk_mark("two", 5, 8);
    assert_command("clone vm=two name=four no_start");
    assert_disk("four", 5, 8);
    assert_command("snapshot name=two snapshot_name=s");
    assert_command("restore name=two snapshot_name=s");
    assert_command("stop two force=true");
    assert_two();
    assert_disk("two", 4, 7);
    assert_command("start two");
    assert_disk("tri", 4, 0);
    assert_sound("tri");
    /* QEMU has let go of what it does not need any more. */
    assert_command("remove tri");
    assert_command("remove one");
    assert_command("remove four");
    assert_command("prune");
    aq_autofree char *open_files =
        tool_output("sh", "-c", "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c \"$PWD/base.qcow2\" || true");
    assert_int_equal(atoi(open_files), 0);
}

static void snapshots_are_in_the_way(void **state)
{
    (void)state;
    plant();
    assert_command("snapshot name=two snapshot_name=s");
    assert_refused("VM_HAS_SNAPSHOTS", "flatten two");
    assert_refused("VM_HAS_SNAPSHOTS", "commit two");
    assert_command("remove_snapshot name=two snapshot_name=s");
    assert_command("start two");
    assert_refused("VM_RUNNING", "commit two");
    assert_command("save_state two");
    assert_refused("VM_HAS_SNAPSHOTS", "flatten two");
    assert_says("saved state");
    assert_refused("VM_SAVED", "commit two");
    assert_two();
}

static void a_layer_becomes_the_disk_again(void **state)
{
    (void)state;
    plant();
    assert_refused("LAYER_IN_USE", "commit two");
    assert_says("VM one");
    assert_refused("LAYER_IN_USE", "commit one");
    assert_says("VM two");
    assert_command("remove one");
    assert_command("commit two");
    assert_int_equal(strlen(field("TARGET")), 64);
    assert_string_equal(field("LAYER"), "");
    assert_two();
    assert_int_equal(assert_sound("two"), 2);
    aq_autofree char *layers = store_files("layers");
    assert_string_equal(layers, "");
    assert_command("start two");
    assert_command("clone vm=two name=tri no_start");
    assert_command("stop two force=true");
    assert_two();
}

static void a_base_gets_the_changes(void **state)
{
    (void)state;
    plant();
    assert_command("clone base=base name=tri disk=80M no_start");
    disk_mark("tri", 1, 9);
    disk_mark("tri", 70, 10);
    assert_refused("BASE_IN_USE", "commit tri");
    assert_says("layer ");
    assert_command("remove one");
    assert_command("remove two");
    assert_command("prune");
    assert_command("commit tri");
    assert_string_equal(field("TARGET"), "base");
    assert_disk("tri", 1, 9);
    assert_disk("tri", 70, 10);
    assert_int_equal(assert_sound("tri"), 2);
    assert_command("clone base=base name=new no_start");
    assert_disk("new", 1, 9);
    assert_disk("new", 2, 2);
    assert_disk("new", 70, 10);
    assert_command("inspect new");
    assert_string_equal(field("DISK_SIZE"), "83886080");
    assert_refused("BASE_IN_USE", "commit new");
    assert_command("start new");
    assert_command("start tri");
}

static void a_base_of_the_store_stays_read_only(void **state)
{
    (void)state;
    assert_command("register_base name=own disk=base.qcow2 copy=true digest=true");
    assert_command("clone base=own name=one no_start");
    disk_mark("one", 1, 1);
    assert_command("commit one");
    assert_command("inspect_base own");
    assert_string_equal(field("STATUS"), "ready");
    assert_string_equal(field("SHA256"), "");
    aq_autofree char *mode =
        tool_output("sh", "-c", "stat -c %a \"$ADDRESS_QEMU_HOME/bases/own/disk.qcow2\"");
    assert_string_equal(mode, "400\n");
    assert_disk("one", 1, 1);
    assert_command("flatten one");
    assert_refused("NOT_SUPPORTED", "commit one");
}

/* Runs the command in a process that is killed after some time. */
static void kill_after(int microseconds, const char *text)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(command("%s", text));
    usleep((useconds_t)microseconds);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* A header from which the name of what is below went before the data was there. */
static void a_header_that_was_ahead_is_put_back(void **state)
{
    (void)state;
    plant();
    tool("sh", "-c",
         "cd \"$ADDRESS_QEMU_HOME/vms/two\" && qemu-img rebase -u -f qcow2 -b '' disk.qcow2 && "
         "{ cat vm.yaml; echo pending:; echo '  what: flatten'; } >new && mv new vm.yaml");
    assert_command("start two");
    assert_two();
    assert_int_equal(assert_sound("two"), 3);
}

static void death_in_the_middle_of_flattening(void **state)
{
    (void)state;
    for (int running = 0; running < 2; running++)
        for (int round = 0; round < 4; round++) {
            fresh(NULL);
            plant();
            if (running)
                assert_command("start two");
            pid_t qemu = atoi(field("PID"));
            kill_after(2000 + round * 11000, "flatten two");
            if (running && round % 2 == 1) {
                kill(qemu, SIGKILL);
                while (kill(qemu, 0) == 0)
                    usleep(1000);
                assert_command("start two");
            }
            assert_command("clone vm=two name=tri no_start"); /* settles it */
            assert_sound("two");
            assert_two();
            assert_command("flatten two");
            assert_int_equal(assert_sound("two"), 1);
            assert_two();
            ended(NULL);
        }
}

static void death_in_the_middle_of_committing(void **state)
{
    (void)state;
    for (int round = 0; round < 8; round++) {
        bool layer = round % 2 == 0;
        fresh(NULL);
        plant();
        if (layer) {
            assert_command("remove one");
        } else {
            assert_command("flatten two");
            assert_command("remove one");
            assert_command("prune");
            assert_command("clone base=base name=one no_start");
            disk_mark("one", 2, 5);
        }
        const char *vm = layer ? "two" : "one";
        aq_autofree char *commit = aq_format("commit %s", vm);
        kill_after(1000 + round * 6000, commit);
        assert_command("start %s", vm); /* ends it first */
        assert_disk(vm, 1, 1);
        assert_disk(vm, 2, 5);
        assert_disk(vm, 3, layer ? 6 : 3);
        assert_sound(vm);
        assert_command("clone base=base name=new no_start");
        assert_disk("new", 1, 1);
        assert_sound("new");
        ended(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stopped_vm_is_flattened, fresh, ended),
        cmocka_unit_test_setup_teardown(a_running_vm_is_flattened, fresh, ended),
        cmocka_unit_test_setup_teardown(snapshots_are_in_the_way, fresh, ended),
        cmocka_unit_test_setup_teardown(a_layer_becomes_the_disk_again, fresh, ended),
        cmocka_unit_test_setup_teardown(a_base_gets_the_changes, fresh, ended),
        cmocka_unit_test_setup_teardown(a_base_of_the_store_stays_read_only, fresh, ended),
        cmocka_unit_test_setup_teardown(a_header_that_was_ahead_is_put_back, fresh, ended),
        cmocka_unit_test(death_in_the_middle_of_flattening),
        cmocka_unit_test(death_in_the_middle_of_committing),
    };
    int failed = cmocka_run_group_tests_name("vm/merge", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
