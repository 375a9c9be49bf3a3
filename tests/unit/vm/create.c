/* SPDX-License-Identifier: MIT */
/* VMs on disks of a user's own, and larger disks. */
#include "test.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "disk.h"

static int with_own(void **state)
{
    fresh(state);
    unlink("own.qcow2");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "own.qcow2", "64M");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 1 1M 64k", "own.qcow2");
    return 0;
}

static void in_place_the_vm_writes_to_the_file(void **state)
{
    (void)state;
    aq_autofree char *path = realpath("own.qcow2", NULL);
    assert_command("create image=own.qcow2 name=one memory=64M cpus=1");
    assert_string_equal(field("STATUS"), "running");
    assert_string_equal(field("DISK"), path);
    assert_string_equal(field("BASED_ON"), "");
    assert_disk("one", 1, 1);
    disk_mark("one", 2, 2);
    assert_command("snapshot name=one snapshot_name=s");
    assert_command("clone vm=one name=two no_start"); /* the file stays where it is */
    assert_disk("two", 2, 2);
    assert_command("stop one force=true");
    assert_disk("one", 2, 2);
    assert_int_equal(assert_sound("one"), 1);
    assert_command("remove_snapshot name=one snapshot_name=s");
    assert_command("clone vm=one name=three no_start");
    assert_disk("three", 2, 2);
    assert_command("rename one new_name=uno");
    assert_command("start uno");
    assert_command("remove uno force=true");
    assert_int_equal(access("own.qcow2", F_OK), 0);
    tool("qemu-io", "-r", "-f", "qcow2", "-c", "read -P 2 2M 64k", "own.qcow2");
    assert_disk("two", 1, 1);
}

static void an_overlay_leaves_the_file_as_it_is(void **state)
{
    (void)state;
    aq_autofree char *before = tool_output("sha256sum", "own.qcow2");
    assert_command("create image=own.qcow2 name=one overlay=true memory=64M disk=100M no_start");
    assert_disk("one", 1, 1);
    disk_mark("one", 90, 2);
    assert_command("start one");
    assert_command("clone vm=one name=two no_start");
    assert_disk("two", 90, 2);
    assert_int_equal(assert_sound("two"), 3);
    aq_autofree char *after = tool_output("sha256sum", "own.qcow2");
    assert_string_equal(before, after);
    assert_command("tree");
    assert_non_null(strstr(aq_result_output(last), "file /"));
    assert_command("create image=own.qcow2 name=other overlay=true memory=64M no_start");
    assert_command("stop one force=true");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 9 9M 64k", "own.qcow2");
    assert_refused("IMAGE_CHANGED", "start one");
    assert_says("own.qcow2");
    unlink("own.qcow2");
    assert_refused("IMAGE_MISSING", "start other");
}

static void one_file_is_not_used_twice(void **state)
{
    (void)state;
    assert_command("create image=own.qcow2 name=one memory=64M no_start");
    assert_refused("IMAGE_IN_USE", "create image=own.qcow2 name=two no_start");
    assert_says("VM one");
    assert_refused("IMAGE_IN_USE", "create image=own.qcow2 name=two overlay=true no_start");
    assert_refused("VM_EXISTS", "create image=base.qcow2 overlay=true name=one no_start");
    assert_refused("IMAGE_IN_USE", "create image=base.qcow2 name=two no_start");
    assert_says("base base");
    assert_command("create image=base.qcow2 name=two overlay=true memory=64M no_start");
    assert_command("remove_base name=base");
    assert_refused("IMAGE_IN_USE", "create image=base.qcow2 name=three no_start");
    assert_says("VM two");
    assert_command("create image=base.qcow2 name=four overlay=true memory=64M no_start");
    assert_command("clone vm=one name=layered no_start");
    aq_autofree char *image =
        tool_output("sh", "-c", "ls \"$ADDRESS_QEMU_HOME\"/layers/*/layer.qcow2 | head -n 1 | tr -d '\\n'");
    assert_refused("IMAGE_IN_USE", "create image='%s' name=x no_start", image);
    assert_says("of the store");
}

/* Whatever others stand on by its path, not only by what the VM was made from. */
static void nothing_is_written_to_what_others_stand_on(void **state)
{
    (void)state;
    assert_command("register_base name=own disk=own.qcow2 memory=64M cpus=1");
    assert_command("clone base=own name=one no_start");
    assert_command("create image=own.qcow2 name=two overlay=true no_start");
    disk_mark("one", 2, 2);
    disk_mark("two", 3, 3);
    assert_refused("BASE_IN_USE", "commit two");
    assert_refused("BASE_IN_USE", "commit one");
    assert_disk("one", 2, 2);
    assert_disk("two", 3, 3);
    assert_command("remove two");
    assert_command("commit one"); /* alone on it */
    assert_disk("one", 2, 2);
    assert_command("remove one");
    assert_command("remove_base own");
}

static void a_base_is_not_what_a_vm_writes_to(void **state)
{
    (void)state;
    assert_command("create image=own.qcow2 name=one no_start");
    assert_refused("IMAGE_IN_USE", "register_base name=own disk=own.qcow2 memory=64M cpus=1");
    assert_command("register_base name=own disk=own.qcow2 copy=true memory=64M cpus=1");
    assert_command("remove_base own");
}

/* Only the VM's own disk has what is not down yet. */
static void a_commit_is_ended_before_the_vm_goes(void **state)
{
    (void)state;
    assert_command("create image=own.qcow2 name=one overlay=true no_start");
    disk_mark("one", 2, 2);
    tool("sh", "-c",
         "cd \"$ADDRESS_QEMU_HOME/vms/one\" && printf 'pending:\\n  what: commit\\n  disk: disk-x.qcow2\\n' "
         ">>vm.yaml");
    assert_refused("IMAGE_IN_USE", "create image=own.qcow2 name=two overlay=true no_start");
    assert_command("remove one");
    tool("qemu-io", "-r", "-f", "qcow2", "-c", "read -P 2 2M 64k", "own.qcow2");
}

static void what_is_wrong_with_the_file_is_told(void **state)
{
    (void)state;
    assert_refused("FILE_NOT_FOUND", "create image=none.qcow2 name=one no_start");
    tool("qemu-img", "create", "-q", "-f", "raw", "raw.img", "1M");
    assert_refused("IMAGE_NOT_QCOW2", "create image=raw.img name=one no_start");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "own.qcow2", "child.qcow2");
    assert_refused("IMAGE_BACKING_FILE", "create image=child.qcow2 name=one no_start");
    assert_refused("DISK_SHRINK", "create image=own.qcow2 disk=32M name=one no_start");
    assert_refused("VM_NOT_FOUND", "status one");
    assert_command("create image=own.qcow2 disk=96M name=one memory=64M no_start");
    assert_command("inspect one");
    assert_string_equal(field("DISK_SIZE"), "100663296");
    assert_disk("one", 1, 1);
    assert_disk("one", 90, 0);
}

/* Of two at once one gets it. */
static void many_at_once(void **state)
{
    (void)state;
    int won = 0;
    for (int p = 0; p < 8; p++)
        if (fork() == 0)
            _exit(command("create image=own.qcow2 name=vm-%d memory=64M no_start", p));
    for (int p = 0; p < 8; p++) {
        int status;
        assert_true(wait(&status) > 0);
        won += WEXITSTATUS(status) == 0;
    }
    assert_int_equal(won, 1);
}

static void a_saved_state_does_not_stay_in_the_file(void **state)
{
    (void)state;
    assert_command("create image=own.qcow2 name=one memory=64M");
    assert_command("save_state one");
    assert_command("remove one");
    aq_autofree char *list = tool_output("qemu-img", "snapshot", "-l", "own.qcow2");
    assert_null(strstr(list, "saved"));
}

static void a_disk_grows_and_never_shrinks(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 63, 1);
    assert_command("resize name=one disk=100M");
    assert_string_equal(field("DISK_SIZE"), "104857600");
    assert_string_equal(field("DISK_SIZE_BEFORE"), "67108864");
    assert_string_equal(field("GUEST_GROWN"), "0");
    assert_disk("one", 63, 1);
    assert_disk("one", 99, 0);
    assert_refused("DISK_SHRINK", "resize name=one disk=99M");
    assert_says("can only grow");
    assert_command("resize one size=100M");
    assert_non_null(strstr(aq_result_output(last), "already"));
    assert_command("start one");
    assert_command("resize name=one disk=128M");
    assert_string_equal(field("GUEST_GROWN"), "0");
    assert_true(strlen(field("GUEST_ERROR")) > 0); /* there is no guest */
    disk_mark("one", 127, 2);
    assert_int_not_equal(command("resize name=one disk=130M guest=true"), 0);
    assert_command("inspect one");
    assert_string_equal(field("DISK_SIZE"), "136314880");
    assert_command("clone vm=one name=two no_start");
    assert_disk("two", 127, 2);
    assert_command("inspect two");
    assert_string_equal(field("DISK_SIZE"), "136314880");
    assert_command("save_state one");
    assert_refused("VM_SAVED", "resize name=one disk=140M");
    assert_command("restore_state one");
    assert_int_equal(assert_sound("one"), 3);
    assert_refused("VM_NOT_FOUND", "resize name=none disk=1G");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_place_the_vm_writes_to_the_file, with_own, ended),
        cmocka_unit_test_setup_teardown(an_overlay_leaves_the_file_as_it_is, with_own, ended),
        cmocka_unit_test_setup_teardown(one_file_is_not_used_twice, with_own, ended),
        cmocka_unit_test_setup_teardown(nothing_is_written_to_what_others_stand_on, with_own, ended),
        cmocka_unit_test_setup_teardown(a_base_is_not_what_a_vm_writes_to, with_own, ended),
        cmocka_unit_test_setup_teardown(a_commit_is_ended_before_the_vm_goes, with_own, ended),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_the_file_is_told, with_own, ended),
        cmocka_unit_test_setup_teardown(many_at_once, with_own, ended),
        cmocka_unit_test_setup_teardown(a_saved_state_does_not_stay_in_the_file, with_own, ended),
        cmocka_unit_test_setup_teardown(a_disk_grows_and_never_shrinks, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/create", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
