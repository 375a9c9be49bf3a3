/* SPDX-License-Identifier: MIT */
/* Clones: what is on disk, what is refused, many at once, and death at any moment. No guest is started here.
 */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "session.h"
#include "tool.h"
#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "vm/vm.h"

static struct aq_error err;

/* An empty store with one base of a gigabyte. */
static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_autofree char *home = aq_home_path(&err);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    unlink("base.qcow2");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "1G");
    assert_command("register_base name=base disk=base.qcow2 memory=512M cpus=3");
    return 0;
}

static char *path_of(const char *vm, const char *file)
{
    char *path = aq_vm_path(vm, file, &err);
    assert_non_null(path);
    return path;
}

/* Entries of the folder of VMs, hidden ones too. */
static int entries(void)
{
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *path = aq_format("%s/vms", home);
    DIR *folder = opendir(path);
    int count = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (folder != NULL)
        closedir(folder);
    return count;
}

static void assert_sound(const char *vm)
{
    aq_autofree char *disk = path_of(vm, AQ_VM_DISK);
    tool("qemu-img", "check", "-q", "-f", "qcow2", disk);
}

static void a_clone_is_an_overlay_and_a_record(void **state)
{
    (void)state;
    assert_command("clone base=base name=web no_start=true");
    assert_string_equal(field("VM"), "web");
    assert_string_equal(field("STATUS"), "stopped");
    assert_string_equal(field("BASED_ON"), "base");
    assert_string_equal(field("MEMORY"), "512");
    assert_string_equal(field("CPUS"), "3");
    assert_sound("web");
    aq_autojson json_t *info = tool_image_info(field("DISK"));
    aq_autofree char *base = realpath("base.qcow2", NULL);
    assert_string_equal(aq_json_text(info, "full-backing-filename", ""), base);
    assert_string_equal(aq_json_text(info, "backing-filename-format", ""), "qcow2");
    assert_int_equal(aq_json_int(info, "virtual-size", 0), 1 << 30);

    struct stat disk, record;
    aq_autofree char *record_path = path_of("web", AQ_VM_RECORD);
    assert_int_equal(stat(field("DISK"), &disk), 0);
    assert_int_equal(stat(record_path, &record), 0);
    assert_int_equal(disk.st_mode & 0777, 0600);
    assert_true((disk.st_blocks + record.st_blocks) * 512 <= 16384);
    assert_int_equal(entries(), 1);
}

static void what_a_clone_is_to_be_can_be_said(void **state)
{
    (void)state;
    assert_command("CLONE BASE=base NAME=big MEMORY=2G cpus=1 disk=20G network=none accel=tcg no_start");
    assert_string_equal(field("MEMORY"), "2048");
    assert_string_equal(field("CPUS"), "1");
    assert_command("inspect big");
    assert_string_equal(field("DISK_SIZE"), "21474836480");
    assert_string_equal(field("NETWORK"), "none");
    assert_string_equal(field("BASE_STATUS"), "ready");
    assert_sound("big");
}

static void a_base_of_the_store_is_named_relative(void **state)
{
    (void)state;
    assert_command("register_base name=own disk=base.qcow2 copy=true");
    assert_command("clone base=own name=web no_start");
    aq_autojson json_t *info = tool_image_info(field("DISK"));
    assert_string_equal(aq_json_text(info, "backing-filename", ""), "../../bases/own/disk.qcow2");
    assert_sound("web");
}

static void names_are_made_up_and_differ(void **state)
{
    (void)state;
    assert_command("clone base=base no_start");
    aq_autofree char *first = aq_strdup(field("VM"));
    assert_command("clone base=base no_start");
    assert_string_not_equal(first, field("VM"));
    assert_int_equal(entries(), 2);
}

static void two_clones_differ_in_what_identifies_them(void **state)
{
    (void)state;
    assert_command("clone base=base name=a no_start");
    assert_command("clone base=base name=b no_start");
    aq_autovm struct aq_vm a = {0}, b = {0};
    assert_ok(aq_vm_load("a", &a, &err));
    assert_ok(aq_vm_load("b", &b, &err));
    assert_string_not_equal(a.id, b.id);
    assert_string_not_equal(a.mac, b.mac);
}

static void what_is_wrong_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    assert_refused("KEY_MISSING", "clone name=x");
    assert_refused("BASE_NOT_FOUND", "clone base=bsae name=x no_start");
    assert_refused("VALUE_INVALID", "clone base=base name=../x no_start");
    assert_refused("VALUE_INVALID", "clone base=base name=.x no_start");
    assert_refused("VALUE_INVALID", "clone base=base name=-x no_start");
    assert_refused("VALUE_INVALID", "clone base=base memory=1M no_start");
    assert_refused("VALUE_INVALID", "clone base=base cpus=0 no_start");
    assert_refused("VALUE_INVALID", "clone base=base no_start=maybe");
    assert_refused("NOT_SUPPORTED", "clone base=base network=tap no_start");
    assert_refused("VALUE_INVALID", "clone base=base network=-x no_start");
    assert_refused("KEY_UNKNOWN", "clone base=base memmory=1G no_start");
    assert_says("did you mean memory?");
    assert_refused("VALUE_INVALID", "clone base=base name=a vm=b no_start");
    assert_refused("VALUE_INVALID", "clone base=base snapshot=s no_start");
    assert_refused("DISK_SHRINK", "clone base=base name=x disk=512M no_start");
    assert_int_equal(entries(), 0);
    assert_command("clone base=base name=x no_start");
    assert_refused("VM_EXISTS", "clone base=base name=x no_start");
    assert_int_equal(entries(), 1);
}

static void a_changed_or_missing_base_is_refused_by_name(void **state)
{
    (void)state;
    assert_command("clone base=base name=old no_start");
    aq_autoclose int fd = open("base.qcow2", O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 600), 1);
    assert_refused("BASE_CHANGED", "clone base=base name=new no_start");
    assert_says("base");
    assert_refused("BASE_CHANGED", "start old");
    assert_says("VM old");
    assert_command("inspect old");
    assert_string_equal(field("BASE_STATUS"), "changed");
    unlink("base.qcow2");
    assert_refused("BASE_MISSING", "clone base=base name=new no_start");
    assert_refused("BASE_MISSING", "start old");
    assert_command("status old");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("remove old");
}

static void a_base_with_clones_cannot_go(void **state)
{
    (void)state;
    assert_command("clone base=base name=keeper no_start");
    assert_refused("BASE_IN_USE", "remove_base name=base");
    assert_says("keeper");
    assert_command("remove keeper");
    assert_command("remove_base name=base");
}

static void what_is_there_is_listed(void **state)
{
    (void)state;
    assert_command("list");
    assert_string_equal(field("COUNT"), "0");
    assert_command("clone base=base name=b no_start");
    assert_command("clone base=base name=a no_start");
    assert_command("list");
    assert_string_equal(field("COUNT"), "2");
    assert_string_equal(aq_result_cell(last, 0, 0, "NAME", NULL), "a");
    assert_string_equal(aq_result_cell(last, 0, 1, "STATUS", NULL), "stopped");
    assert_command("list_bases");
    assert_string_equal(aq_result_cell(last, 0, 0, "CLONES", NULL), "2");
}

static void a_broken_record_does_not_hide_the_others(void **state)
{
    (void)state;
    assert_command("clone base=base name=good no_start");
    assert_command("clone base=base name=bad no_start");
    aq_autofree char *record = path_of("bad", AQ_VM_RECORD);
    aq_autoclose int fd = open(record, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(fd, "{{{", 3), 3);
    assert_command("list");
    assert_string_equal(aq_result_cell(last, 0, 0, "STATUS", NULL), "broken");
    assert_string_equal(aq_result_cell(last, 0, 1, "STATUS", NULL), "stopped");
    assert_refused("RECORD_INVALID", "start bad");
    assert_refused("RECORD_INVALID", "remove_base name=base");
    assert_command("remove bad");
    assert_refused("VM_NOT_FOUND", "status bad");
}

static void a_name_that_is_not_there_gets_a_suggestion(void **state)
{
    (void)state;
    assert_command("clone base=base name=webserver no_start");
    assert_refused("VM_NOT_FOUND", "start webservr");
    assert_says("did you mean webserver?");
    assert_refused("VM_NOT_RUNNING", "stop webserver");
    assert_refused("VM_NOT_RUNNING", "execute vm=webserver command=true");
    assert_refused("VM_NOT_RUNNING", "wait webserver");
    assert_command("wait webserver for=stopped");
    assert_command("logs webserver");
}

/* 16 processes × 50 clones: all are there and sound. */
static void many_processes_may_clone_at_once(void **state)
{
    (void)state;
    for (int p = 0; p < 16; p++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            int failed = 0;
            for (int i = 0; i < 50; i++)
                failed += command(i % 2 ? "clone base=base name=p%d-%d no_start" : "clone base=base no_start",
                                  p, i) != 0;
            _exit(failed != 0);
        }
    }
    for (int p = 0; p < 16; p++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_command("list");
    assert_string_equal(field("COUNT"), "800");
    assert_int_equal(entries(), 800);
    assert_sound("p15-49");
    aq_autostrings struct aq_strings names = {0};
    assert_ok(aq_vm_list(&names, &err));
    for (size_t i = 0; i < names.count; i++) {
        aq_autovm struct aq_vm vm = {0};
        assert_ok(aq_vm_load(names.items[i], &vm, &err));
    }
}

/* One name, many takers: exactly one gets it. */
static void one_name_is_given_once(void **state)
{
    (void)state;
    for (int p = 0; p < 8; p++)
        if (fork() == 0)
            _exit(command("clone base=base name=same no_start"));
    int won = 0, lost = 0;
    for (int p = 0; p < 8; p++) {
        int status;
        assert_true(wait(&status) > 0);
        won += WEXITSTATUS(status) == 0;
        lost += WEXITSTATUS(status) == 4;
    }
    assert_int_equal(won, 1);
    assert_int_equal(lost, 7);
    assert_int_equal(entries(), 1);
}

/* SIGKILL at any moment: what is listed is whole, and nothing else is left after the next command. */
static void death_leaves_whole_vms_or_none(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (;;)
                command("clone base=base no_start");
        }
        usleep((useconds_t)(500 + round * 211));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    assert_command("list");
    int listed = atoi(field("COUNT"));
    assert_true(listed > 0);
    assert_int_equal(entries(), listed);
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++)
        assert_string_equal(aq_result_cell(last, 0, row, "STATUS", NULL), "stopped");
    assert_command("clone base=base name=next no_start");
    assert_sound("next");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_clone_is_an_overlay_and_a_record, fresh),
        cmocka_unit_test_setup(what_a_clone_is_to_be_can_be_said, fresh),
        cmocka_unit_test_setup(a_base_of_the_store_is_named_relative, fresh),
        cmocka_unit_test_setup(names_are_made_up_and_differ, fresh),
        cmocka_unit_test_setup(two_clones_differ_in_what_identifies_them, fresh),
        cmocka_unit_test_setup(what_is_wrong_is_refused_and_leaves_nothing, fresh),
        cmocka_unit_test_setup(a_changed_or_missing_base_is_refused_by_name, fresh),
        cmocka_unit_test_setup(a_base_with_clones_cannot_go, fresh),
        cmocka_unit_test_setup(what_is_there_is_listed, fresh),
        cmocka_unit_test_setup(a_broken_record_does_not_hide_the_others, fresh),
        cmocka_unit_test_setup(a_name_that_is_not_there_gets_a_suggestion, fresh),
        cmocka_unit_test_setup(many_processes_may_clone_at_once, fresh),
        cmocka_unit_test_setup(one_name_is_given_once, fresh),
        cmocka_unit_test_setup(death_leaves_whole_vms_or_none, fresh),
    };
    int failed = cmocka_run_group_tests_name("vm/clone", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
