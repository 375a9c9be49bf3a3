/* SPDX-License-Identifier: MIT */
/* Clones of VMs, stopped and running, now and at a snapshot: what each sees, what they share, how deep it
 * gets, and death at any moment. There is no guest: marks on the disks stand for what it writes. */
#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "disk.h"
#include "image/layer.h"
#include "vm/hold.h"

static char *layer_of(const char *name)
{
    assert_command("inspect %s", name);
    return aq_strdup(field("LAYER"));
}

static void a_stopped_vm_and_its_clones_go_different_ways(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    assert_command("clone vm=one name=two no_start");
    assert_string_equal(field("BASED_ON"), "base");
    assert_int_equal(strlen(field("LAYER")), 64);
    assert_disk("two", 1, 1);
    disk_mark("two", 1, 2);
    disk_mark("one", 2, 3);
    assert_disk("one", 1, 1);
    assert_disk("two", 1, 2);
    assert_disk("two", 2, 0);
    assert_int_equal(assert_sound("one"), 3);
    assert_int_equal(assert_sound("two"), 3);
    aq_autovm struct aq_vm one = {0}, two = {0};
    assert_ok(aq_vm_load("one", &one, &err));
    assert_ok(aq_vm_load("two", &two, &err));
    assert_string_not_equal(one.id, two.id);
    assert_string_not_equal(one.mac, two.mac);
    aq_autofree char *files = store_files("vms/one");
    assert_null(strstr(files, "\ndisk.qcow2")); /* it is the layer now */
    assert_command("start one");
    assert_command("start two");
}

static void a_vm_that_was_not_written_to_shares_what_it_stands_on(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("clone vm=one name=two no_start");
    assert_string_equal(field("LAYER"), "");
    assert_int_equal(assert_sound("two"), 2);
    disk_mark("one", 1, 1);
    assert_command("clone vm=one name=three no_start");
    assert_command("clone vm=one name=four no_start");
    aq_autofree char *three = layer_of("three"), *four = layer_of("four"), *one = layer_of("one");
    assert_string_equal(three, four);
    assert_string_equal(three, one);
}

static void what_a_clone_takes_after(void **state)
{
    (void)state;
    assert_command("clone base=base name=one memory=96M cpus=2 network=none accel=tcg disk=80M no_start");
    disk_mark("one", 70, 1);
    tool("sh", "-c", "echo \"provisioned: '2026-01-01T00:00:00Z'\" >>\"$ADDRESS_QEMU_HOME/vms/one/vm.yaml\"");
    assert_command("clone vm=one name=two no_start");
    aq_autovm struct aq_vm two = {0};
    assert_ok(aq_vm_load("two", &two, &err));
    assert_string_equal(two.provisioned, "2026-01-01T00:00:00Z"); /* what scripts have left there is in it */
    assert_command("inspect two");
    assert_string_equal(field("MEMORY"), "96");
    assert_string_equal(field("CPUS"), "2");
    assert_string_equal(field("NETWORK"), "none");
    assert_string_equal(field("DISK_SIZE"), "83886080");
    assert_disk("two", 70, 1);
    assert_command("clone vm=one name=big memory=128M disk=90M network=user no_start");
    assert_command("inspect big");
    assert_string_equal(field("MEMORY"), "128");
    assert_string_equal(field("NETWORK"), "user");
    assert_string_equal(field("DISK_SIZE"), "94371840");
    assert_refused("DISK_SHRINK", "clone vm=one name=small disk=70M no_start");
    assert_refused("VM_NOT_FOUND", "clone vm=none no_start");
    assert_refused("SNAPSHOT_NOT_FOUND", "clone vm=one snapshot=none no_start");
    assert_refused("KEY_MISSING", "clone name=x no_start");
    assert_refused("VM_EXISTS", "clone vm=one name=two no_start");
}

/* The VM goes on running and writing, and its clones do not see it. */
static void a_running_vm_is_cloned(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autofree char *pid = aq_strdup(field("PID"));
    disk_mark("one", 1, 1);
    assert_command("clone vm=one name=two");
    assert_string_equal(field("STATUS"), "running");
    disk_mark("one", 1, 2);
    assert_command("clone vm=one name=three no_start");
    disk_mark("one", 1, 3);
    assert_disk("one", 1, 3);
    assert_disk("two", 1, 1);
    assert_disk("three", 1, 2);
    assert_command("status one");
    assert_string_equal(field("PID"), pid);
    assert_qemu_is("one", "running");

    /* What else is done to running disks works on the one that it has now. */
    assert_command("snapshot name=one snapshot_name=here");
    disk_mark("one", 1, 4);
    assert_command("restore name=one snapshot_name=here");
    assert_disk("one", 1, 3);
    assert_command("remove_snapshot name=one snapshot_name=here");
    assert_command("stop one force=true");
    assert_disk("one", 1, 3);
    assert_int_equal(assert_sound("one"), 4);
    assert_command("start one");
    assert_disk("one", 1, 3);
    assert_command("save_state one");
    assert_command("restore_state one");
    assert_disk("one", 1, 3);
}

static void a_paused_vm_stays_paused(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("pause one");
    assert_command("clone vm=one name=two no_start");
    assert_qemu_is("one", "paused");
}

static void a_snapshot_is_cloned_as_it_was(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    assert_command("snapshot name=one snapshot_name=first");
    disk_mark("one", 1, 2);
    assert_command("clone vm=one snapshot=first name=two no_start");
    assert_disk("two", 1, 1);
    assert_command("clone vm=one snapshot=first name=three no_start");
    aq_autofree char *two = layer_of("two"), *three = layer_of("three"), *one = layer_of("one");
    assert_string_equal(two, three); /* it was copied once */
    assert_string_equal(one, "");    /* and the VM left alone */
    assert_command("clone vm=one name=now no_start");
    assert_disk("now", 1, 2);
    assert_command("clone vm=one name=same no_start");
    aq_autofree char *now = layer_of("now"), *same = layer_of("same");
    assert_string_equal(now, same);

    assert_command("start one");
    disk_mark("one", 1, 3);
    assert_command("clone vm=one snapshot=first name=four no_start");
    aq_autofree char *four = layer_of("four");
    assert_string_equal(two, four);
    assert_command("clone vm=one name=live no_start"); /* with snapshots in it: copied as it runs */
    assert_disk("live", 1, 3);
    disk_mark("one", 1, 4);
    assert_disk("live", 1, 3);
    assert_command("list_snapshots one");
    assert_string_equal(field("COUNT"), "1");
    /* Another snapshot of the same name is another one. */
    assert_command("remove_snapshot name=one snapshot_name=first");
    assert_command("snapshot name=one snapshot_name=first memory=false");
    assert_command("clone vm=one snapshot=first name=five no_start");
    assert_disk("five", 1, 4);
    assert_sound("five");
}

/* Without anything below, and of what is larger than what is below. */
static void what_was_written_over_and_trimmed_is_copied(void **state)
{
    (void)state;
    assert_command("clone base=base name=low no_start");
    for (int megabyte = 1; megabyte <= 4; megabyte++)
        disk_mark("low", megabyte, 9);
    assert_command("clone vm=low name=one disk=128M no_start");
    disk_io("one", "write -z 1M 64k");
    disk_io("one", "discard 2M 64k");
    disk_mark("one", 3, 3);
    disk_mark("one", 100, 4);
    assert_command("snapshot name=one snapshot_name=s");
    assert_command("clone vm=one snapshot=s name=two no_start");
    assert_command("start one");
    assert_command("clone vm=one name=three no_start");
    const char *const clones[] = {"two", "three"};
    for (int i = 0; i < 2; i++) {
        assert_disk(clones[i], 1, 0);
        assert_disk(clones[i], 2, 0);
        assert_disk(clones[i], 3, 3);
        assert_disk(clones[i], 4, 9);
        assert_disk(clones[i], 100, 4);
        assert_sound(clones[i]);
    }
}

static void it_may_be_deep(void **state)
{
    (void)state;
    assert_command("clone base=base name=vm-0 no_start");
    for (int i = 0; i < 20; i++) {
        aq_autofree char *name = aq_format("vm-%d", i);
        disk_mark(name, i, i + 1);
        assert_command("clone vm=vm-%d name=vm-%d no_start", i, i + 1);
    }
    assert_int_equal(assert_sound("vm-20"), 22);
    for (int i = 0; i < 20; i++)
        assert_disk("vm-20", i, i + 1);
    assert_command("start vm-20");
    assert_disk("vm-20", 0, 1);
    assert_command("clone vm=vm-20 name=last no_start");
    assert_int_equal(assert_sound("last"), 23);
    /* As deep as it may be, and one more is refused before anything is touched. */
    for (int i = 20; i < 38; i++) {
        aq_autofree char *name = aq_format("vm-%d", i);
        disk_mark(name, i, i + 1);
        assert_command("clone vm=vm-%d name=vm-%d no_start", i, i + 1);
    }
    disk_mark("vm-38", 40, 41);
    assert_int_equal(assert_sound("vm-38"), 40);
    assert_refused("LIMIT_EXCEEDED", "clone vm=vm-38 name=vm-39 no_start");
    assert_says("flatten name=vm-38");
    assert_command("start vm-38");
}

/* Cloning it again and again does not make a VM itself deeper and deeper. */
static void many_clones_of_a_running_vm(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    for (int i = 0; i < 20; i++) {
        disk_mark("one", 1, i + 1);
        assert_command("clone vm=one name=vm-%d no_start", i);
    }
    assert_int_equal(assert_sound("one"), 16);
    for (int i = 0; i < 20; i++) {
        aq_autofree char *name = aq_format("vm-%d", i);
        assert_disk(name, 1, i + 1);
    }
}

static void clone_in_parallel(const char *vm, int count)
{
    for (int p = 0; p < count; p++)
        if (fork() == 0)
            _exit(command("clone vm=%s name=%s-%d no_start", vm, vm, p));
    for (int p = 0; p < count; p++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    for (int p = 0; p < count; p++) {
        aq_autofree char *name = aq_format("%s-%d", vm, p);
        assert_disk(name, 1, 1);
        assert_sound(name);
    }
}

static void sixteen_processes_clone_one_vm(void **state)
{
    (void)state;
    assert_command("clone base=base name=stopped no_start");
    disk_mark("stopped", 1, 1);
    clone_in_parallel("stopped", 16);
    aq_autofree char *layers = store_files("layers | wc -l");
    assert_int_equal(atoi(layers), 1);
    assert_command("clone base=base name=running");
    disk_mark("running", 1, 1);
    clone_in_parallel("running", 16);
    assert_qemu_is("running", "running");
}

static void settle(const char *vm)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    assert_ok(aq_vm_hold(vm, &hold, &err));
}

/* Writes to the VM, so that there is something to freeze, and kills a process that clones it after some time.
 */
static void kill_while_cloning(const char *vm, int round)
{
    settle(vm); /* what the last one has left, as it is before a guest could write */
    disk_mark(vm, 10 + round, 5);
    pid_t pid = fork();
    if (pid == 0)
        for (int i = 0;; i++)
            command("clone vm=%s name=%s-%d-%d no_start", vm, vm, round, i);
    usleep((useconds_t)(200 + round * 313));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Whoever looks next finds the VM whole, and nothing half-made. */
static void assert_whole(const char *vm)
{
    assert_disk(vm, 1, 1);
    assert_sound(vm);
    aq_autofree char *folder = aq_format("vms/%s | grep -c '^disk.*qcow2$'", vm);
    aq_autofree char *disks = store_files(folder);
    assert_int_equal(atoi(disks), 1);
    aq_autostrings struct aq_strings ids = {0};
    assert_ok(aq_layer_list(&ids, &err)); /* sweeps */
    aq_autofree char *temporary = store_files("layers | grep -c tmp || true");
    assert_int_equal(atoi(temporary), 0);
}

static void death_of_who_clones_a_stopped_vm(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    for (int round = 0; round < 14; round++)
        kill_while_cloning("one", round);
    for (int round = 0; round < 14; round++)
        assert_disk("one", 10 + round, 5);
    assert_command("start one");
    assert_whole("one");
    assert_command("list");
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++)
        assert_string_not_equal(aq_result_cell(last, 0, row, "STATUS", NULL), "broken");
}

static void death_of_who_clones_a_running_vm(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    disk_mark("one", 1, 1);
    for (int round = 0; round < 10; round++)
        kill_while_cloning("one", round * 2);
    assert_qemu_is("one", "running");
    disk_mark("one", 2, 2);
    assert_command("snapshot name=one snapshot_name=s memory=false"); /* settles what is pending */
    assert_command("remove_snapshot name=one snapshot_name=s");
    assert_command("stop one force=true");
    assert_disk("one", 2, 2);
    assert_command("start one");
    assert_whole("one");
    assert_disk("one", 2, 2);
}

/* Both at once, as when the power goes. */
static void death_of_qemu_and_of_who_clones(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    for (int round = 0; round < 5; round++) {
        assert_command("start one");
        aq_autofree char *pid = aq_strdup(field("PID"));
        kill_while_cloning("one", round * 7);
        kill(atoi(pid), SIGKILL);
        while (kill(atoi(pid), 0) == 0)
            usleep(1000);
        assert_command("start one");
        assert_whole("one");
        assert_command("stop one force=true");
    }
}

/* A record that notes what is pending, and QEMU that has not done it. */
static void what_was_not_done_is_taken_back(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    disk_mark("one", 1, 1);
    tool("sh", "-c",
         "cd \"$ADDRESS_QEMU_HOME/vms/one\" && touch disk-abc.qcow2 && { cat vm.yaml; echo pending:; "
         "echo '  what: freeze'; echo '  disk: disk-abc.qcow2'; printf '  layer: \"%064d\"\\n' 7; } >new && "
         "mv new vm.yaml");
    assert_command("snapshot name=one snapshot_name=s memory=false");
    assert_whole("one");
    assert_int_equal(assert_sound("one"), 2);
}

/* The host's disk is full at each of the steps in turn: the VM is as it was. */
static void a_full_disk_leaves_the_vm_as_it_was(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    assert_command("snapshot name=one snapshot_name=s");
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGXFSZ, SIG_IGN);
        const struct rlimit little = {100000, 100000};
        setrlimit(RLIMIT_FSIZE, &little);
        bool failed = command("clone vm=one snapshot=s name=two no_start") != 0;
        _exit(failed ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_refused("VM_NOT_FOUND", "status two");
    assert_whole("one");
    aq_autofree char *layers = store_files("layers | wc -l");
    assert_int_equal(atoi(layers), 0);
    assert_command("clone vm=one snapshot=s name=two no_start");
    assert_command("start one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stopped_vm_and_its_clones_go_different_ways, fresh, ended),
        cmocka_unit_test_setup_teardown(a_vm_that_was_not_written_to_shares_what_it_stands_on, fresh, ended),
        cmocka_unit_test_setup_teardown(what_a_clone_takes_after, fresh, ended),
        cmocka_unit_test_setup_teardown(a_running_vm_is_cloned, fresh, ended),
        cmocka_unit_test_setup_teardown(a_paused_vm_stays_paused, fresh, ended),
        cmocka_unit_test_setup_teardown(a_snapshot_is_cloned_as_it_was, fresh, ended),
        cmocka_unit_test_setup_teardown(what_was_written_over_and_trimmed_is_copied, fresh, ended),
        cmocka_unit_test_setup_teardown(it_may_be_deep, fresh, ended),
        cmocka_unit_test_setup_teardown(many_clones_of_a_running_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(sixteen_processes_clone_one_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(death_of_who_clones_a_stopped_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(death_of_who_clones_a_running_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(death_of_qemu_and_of_who_clones, fresh, ended),
        cmocka_unit_test_setup_teardown(what_was_not_done_is_taken_back, fresh, ended),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_the_vm_as_it_was, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/clone_vm", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
