/* SPDX-License-Identifier: MIT */
/* A host's disk that is full: it is told before anything is begun, and nothing is lost. */
#include "test.h"

#include <sys/statvfs.h>

#include "disk.h"
#include "small.h"

#define FILL "small/fill"

static void resize_host(const char *size)
{
    assert_int_equal(mount(NULL, "small", NULL, MS_REMOUNT, size), 0);
}

/* Leaves that many KiB. */
static void fill(unsigned left)
{
    struct statvfs space;
    assert_int_equal(statvfs("small", &space), 0);
    uint64_t there = (uint64_t)space.f_bavail * space.f_frsize;
    aq_autoclose int fd = open(FILL, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(posix_fallocate(fd, 0, (off_t)(there - ((uint64_t)left << 10))), 0);
}

static int roomy(void **state)
{
    resize_host("size=24m");
    unlink(FILL);
    return fresh(state);
}

/* Marks eight megabytes. */
static void write_much(const char *vm)
{
    for (int i = 1; i <= 8; i++) {
        aq_autofree char *work = aq_format("write -P %d %dM 1M", i, i);
        disk_io(vm, work);
    }
}

static void assert_much(const char *vm)
{
    for (int i = 1; i <= 8; i++)
        assert_disk(vm, i, i);
    assert_sound(vm);
}

static void memory_that_would_not_fit_is_not_begun(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    disk_mark("one", 1, 1);
    assert_refused("NO_SPACE", "snapshot name=one snapshot_name=s");
    assert_refused("NO_SPACE", "save_state one");
    assert_qemu_is("one", "running");
    assert_command("list_snapshots one");
    assert_string_equal(field("COUNT"), "0");
    assert_command("snapshot name=one snapshot_name=disk memory=false");
    resize_host("size=200m");
    assert_command("snapshot name=one snapshot_name=s");
    assert_command("save_state one");
    assert_command("restore_state one");
    assert_command("restore name=one snapshot_name=s");
    assert_disk("one", 1, 1);
    assert_qemu_is("one", "running");
}

static void a_copy_that_would_not_fit_is_not_begun(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    write_much("one");
    assert_command("snapshot name=one snapshot_name=s");
    fill(4000);
    assert_refused("NO_SPACE", "clone vm=one snapshot=s name=two no_start");
    assert_refused("VM_NOT_FOUND", "status two");
    aq_autofree char *layers = store_files("layers | wc -l");
    assert_int_equal(atoi(layers), 0);
    assert_much("one");
    unlink(FILL);
    assert_command("clone vm=one snapshot=s name=two no_start");
    assert_much("two");
}

static void what_would_not_fit_is_not_flattened(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    write_much("one");
    assert_command("clone vm=one name=two no_start");
    fill(4000);
    assert_refused("NO_SPACE", "flatten two");
    assert_command("start two");
    assert_refused("NO_SPACE", "flatten two");
    assert_qemu_is("two", "running");
    assert_much("two");
    unlink(FILL);
    assert_command("flatten two");
    assert_int_equal(assert_sound("two"), 1);
    assert_much("two");
}

static void what_would_not_fit_is_not_committed(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "small/own.qcow2", "64M");
    assert_command("create image=small/own.qcow2 overlay=true name=one memory=64M no_start");
    write_much("one");
    fill(4000);
    assert_refused("NO_SPACE", "commit one");
    assert_much("one");
    unlink(FILL);
    assert_command("commit one");
    assert_much("one");
    assert_command("remove one");
    unlink("small/own.qcow2");
}

/* Not a block is free: what is tried fails, says why, and the VM is as it was. */
static void nothing_is_lost_on_a_disk_that_is_full(void **state)
{
    static const char *const commands[] = {
        "clone base=base name=two no_start",
        "clone vm=one name=two no_start",
        "snapshot name=one snapshot_name=s",
        "resize name=one disk=1G",
        "start one",
    };
    (void)state;
    assert_command("clone base=base name=one no_start");
    write_much("one");
    fill(0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        assert_refused("NO_SPACE", "%s", commands[i]);
    assert_command("list");
    assert_string_equal(field("COUNT"), "1");
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    unlink(FILL);
    assert_much("one");
    assert_command("resize name=one disk=2G");
    assert_command("start one");
    assert_qemu_is("one", "running");
    assert_much("one");
}

int main(void)
{
    aq_autofree char *home = aq_format("%s/small/store", getenv("TEST_WORK"));
    if (!small_mount("small", "size=24m")) {
        puts("skipped: this user may not make a mount namespace");
        return 77;
    }
    setenv("ADDRESS_QEMU_HOME", home, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_that_would_not_fit_is_not_begun, roomy, ended),
        cmocka_unit_test_setup_teardown(a_copy_that_would_not_fit_is_not_begun, roomy, ended),
        cmocka_unit_test_setup_teardown(what_would_not_fit_is_not_flattened, roomy, ended),
        cmocka_unit_test_setup_teardown(what_would_not_fit_is_not_committed, roomy, ended),
        cmocka_unit_test_setup_teardown(nothing_is_lost_on_a_disk_that_is_full, roomy, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/full_disk", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
