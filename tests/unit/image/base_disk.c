/* SPDX-License-Identifier: MIT */
/* The disks of bases: which are taken in, copied or built, and how a change of them is seen. */
#include "bases.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "small.h"
#include "tool.h"
#include "util/json.h"

static void what_is_no_sound_disk_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    struct aq_error err = {0};
    tool("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", "over.qcow2",
         "1M");
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    aq_autoclose int empty = open("empty", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(empty >= 0);
    const struct {
        const char *disk;
        enum aq_error_code code;
    } cases[] = {{"no-such-file", AQ_E_FILE_NOT_FOUND},
                 {"dangling", AQ_E_FILE_LINK},
                 {"loop", AQ_E_FILE_LINK},
                 {"folder", AQ_E_FILE_KIND},
                 {"fifo", AQ_E_FILE_KIND},
                 {"/dev/null", AQ_E_FILE_KIND},
                 {"empty", AQ_E_IMAGE_NOT_QCOW2},
                 {"/etc/passwd", AQ_E_IMAGE_NOT_QCOW2},
                 {"over.qcow2", AQ_E_IMAGE_BACKING_FILE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int copy = 0; copy < 2; copy++) {
            struct aq_base_request request = request_for("web", cases[i].disk);
            request.copy = copy != 0;
            assert_fails(try_register(&request, &err), cases[i].code);
            assert_int_equal(entries(), 0);
        }
}

/* As a user who may not read it: the test itself may run as root. */
static void an_unreadable_disk_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod("one.qcow2", 0), 0);
    aq_autofree char *disk = realpath("one.qcow2", NULL);
    pid_t child = fork();
    if (child == 0) {
        struct aq_error err = {0};
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(2);
        int fd = aq_open_input(disk, &err);
        _exit(fd < 0 && err.code == AQ_E_UNREADABLE ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_link_to_a_good_disk_is_followed_once(void **state)
{
    (void)state;
    struct aq_error err = {0};
    assert_int_equal(symlink("one.qcow2", "link.qcow2"), 0);
    struct aq_base_request request = request_for("web", "link.qcow2");
    assert_int_equal(register_ok(&request), AQ_BASE_REGISTERED);
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load("web", &base, &err));
    assert_non_null(strstr(base.path, "/one.qcow2"));
    assert_int_equal(unlink("link.qcow2"), 0);
    assert_status("web", "ready", AQ_OK);
}

static void a_disk_that_changed_is_seen(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    assert_int_equal(rename("one.qcow2", "away.qcow2"), 0);
    assert_status("web", "missing", AQ_E_BASE_MISSING);
    assert_int_equal(mkdir("one.qcow2", 0700), 0);
    assert_status("web", "missing", AQ_E_BASE_MISSING);
    assert_int_equal(rmdir("one.qcow2"), 0);
    tool("cp", "-p", "away.qcow2", "one.qcow2"); /* the same bytes and times, another file */
    assert_status("web", "changed", AQ_E_BASE_CHANGED);
    assert_int_equal(rename("away.qcow2", "one.qcow2"), 0);
    assert_status("web", "ready", AQ_OK);

    tool("qemu-io", "-f", "qcow2", "-c", "write -P 3 0 512", "one.qcow2");
    assert_status("web", "changed", AQ_E_BASE_CHANGED);
    assert_fails(try_register(&request, &err), AQ_E_BASE_EXISTS);
    request.replace = true;
    assert_int_equal(register_ok(&request), AQ_BASE_REPLACED);
    assert_status("web", "ready", AQ_OK);
    assert_int_equal(truncate("one.qcow2", 1 << 20), 0);
    assert_status("web", "changed", AQ_E_BASE_CHANGED);
}

static void a_change_is_named(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    assert_int_equal(truncate("one.qcow2", 1 << 20), 0);
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load("web", &base, &err));
    assert_int_equal(aq_base_check(&base, &err), -1);
    assert_non_null(strstr(err.text, "base web"));
    assert_non_null(strstr(err.text, "one.qcow2 had 24576 bytes and has 1048576"));
}

static void a_copy_is_the_stores_own(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct stat source, copy;
    assert_int_equal(truncate("one.qcow2", 64 << 20), 0); /* a hole that stays one */
    struct aq_base_request request = request_for("web", "one.qcow2");
    request.copy = true;
    assert_int_equal(register_ok(&request), AQ_BASE_REGISTERED);
    assert_int_equal(register_ok(&request), AQ_BASE_UNCHANGED);
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load("web", &base, &err));
    assert_true(base.copy);
    assert_non_null(strstr(base.path, "/bases/web/disk.qcow2"));
    assert_non_null(strstr(base.source, "/one.qcow2"));
    assert_int_equal(stat("one.qcow2", &source), 0);
    assert_int_equal(stat(base.path, &copy), 0);
    assert_int_equal(copy.st_size, source.st_size);
    assert_int_equal(copy.st_mode & 07777, 0400);
    assert_true(copy.st_blocks * 512 < 1 << 20);
    tool("cmp", "one.qcow2", base.path);

    put_image("one.qcow2", 7); /* another disk under the same name: the copy does not care */
    assert_status("web", "ready", AQ_OK);
    assert_fails(try_register(&request, &err), AQ_E_BASE_EXISTS);
    request.replace = true;
    assert_int_equal(register_ok(&request), AQ_BASE_REPLACED);
    assert_int_equal(entries(), 1);
    assert_int_equal(unlink(base.path), 0);
    assert_status("web", "missing", AQ_E_BASE_MISSING);
    assert_int_equal(register_ok(&request),
                     AQ_BASE_REPLACED); /* the source is the same, but its copy is gone */
    assert_status("web", "ready", AQ_OK);
}

/* Exit code of a child that may not mount anything here. */
#define CANNOT_MOUNT 77

/* In a store on a file system of 64 KiB, which only this process sees. */
static int copy_into_a_full_store(void)
{
    struct aq_error err = {0};
    if (!small_mount("small", "size=64k"))
        return CANNOT_MOUNT;
    aq_autofree char *home = aq_format("%s/small", getenv("TEST_WORK"));
    setenv("ADDRESS_QEMU_HOME", home, 1);
    struct aq_base_request request = request_for("web", "one.qcow2");
    request.copy = true;
    if (try_register(&request, &err) == 0 || err.code != AQ_E_NO_SPACE)
        return 1;
    return entries() == 0 ? 0 : 2;
}

static void a_full_store_is_told_and_left_clean(void **state)
{
    (void)state;
    const struct image image = image_sound();
    aq_autoclose int fd = open("one.qcow2", O_WRONLY | O_APPEND | O_CLOEXEC);
    for (int i = 0; i < 64; i++)
        assert_int_equal(write(fd, image.bytes, image.length), IMAGE_LENGTH);
    pid_t child = fork();
    if (child == 0)
        _exit(copy_into_a_full_store());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT_MOUNT) {
        print_message("skipped: this user may not make a mount namespace\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_store_that_moved_keeps_its_copies(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    request.copy = true;
    register_ok(&request);
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *moved = aq_format("%s-moved", home);
    assert_int_equal(rename(home, moved), 0);
    setenv("ADDRESS_QEMU_HOME", moved, 1);
    assert_status("web", "ready", AQ_OK);
    assert_int_equal(rename(moved, home), 0);
    setenv("ADDRESS_QEMU_HOME", home, 1);
}

static void a_built_base_is_published(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    enum aq_base_outcome outcome;
    struct aq_base_request request = request_for("built", NULL);
    assert_ok(aq_base_stage("built", &stage, &folder, &err));
    aq_autofree char *disk = aq_format("%s/%s", folder, AQ_BASE_DISK);
    tool("qemu-img", "create", "-q", "-f", "qcow2", disk, "5M");
    aq_autobase struct aq_base base = {0}, loaded = {0};
    assert_ok(
        aq_base_publish(&stage, &request, json_pack("{s:s}", "kind", "micro"), NULL, &base, &outcome, &err));
    aq_stage_close(&stage);
    assert_int_equal(outcome, AQ_BASE_REGISTERED);
    assert_ok(aq_base_load("built", &loaded, &err));
    assert_int_equal(loaded.virtual_size, 5 << 20);
    assert_string_equal(aq_json_text(loaded.built, "kind", ""), "micro");
    assert_status("built", "ready", AQ_OK);
    assert_int_equal(entries(), 1);

    aq_autofree char *second = NULL;
    aq_autobase struct aq_base again = {0};
    assert_ok(aq_base_stage("built", &stage, &second, &err));
    aq_autofree char *other = aq_format("%s/%s", second, AQ_BASE_DISK);
    tool("qemu-img", "create", "-q", "-f", "qcow2", other, "6M");
    assert_fails(aq_base_publish(&stage, &request, NULL, NULL, &again, &outcome, &err), AQ_E_BASE_EXISTS);
    request.replace = true;
    assert_ok(aq_base_publish(&stage, &request, NULL, NULL, &again, &outcome, &err));
    aq_stage_close(&stage);
    assert_int_equal(outcome, AQ_BASE_REPLACED);
    assert_int_equal(again.virtual_size, 6 << 20);
    assert_status("built", "ready", AQ_OK);
    assert_int_equal(entries(), 1);
}

/* It is offered as long as it is what was built with the disk, and the disk what was built. */
static void a_kernel_comes_with_the_disk_that_it_is_of(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_stage stage = AQ_STAGE_NONE;
    struct aq_pin pin;
    enum aq_base_outcome outcome;
    struct aq_base_request request = request_for("built", NULL);
    aq_autoboot struct aq_boot boot = {.append = aq_strdup("quiet"), .start = 1, .end = 2};
    aq_autobase struct aq_base base = {0}, loaded = {0}, changed = {0};
    aq_autofree char *folder = NULL, *kernel = NULL, *initrd = NULL, *none = NULL;
    assert_ok(aq_base_stage("built", &stage, &folder, &err));
    aq_autofree char *disk = aq_format("%s/%s", folder, AQ_BASE_DISK);
    tool("qemu-img", "create", "-q", "-f", "qcow2", disk, "5M");
    assert_ok(aq_write_new_file_at(stage.folder, AQ_BOOT_KERNEL, "k", 1, 0600, &err));
    assert_ok(aq_write_new_file_at(stage.folder, AQ_BOOT_INITRD, "i", 1, 0600, &err));
    assert_ok(aq_base_publish(&stage, &request, NULL, &boot, &base, &outcome, &err));
    aq_stage_close(&stage);
    assert_null(boot.append);
    assert_ok(aq_base_load("built", &loaded, &err));
    assert_true(aq_base_kernel(&loaded, &kernel, &initrd));
    assert_string_equal(loaded.boot.append, "quiet");
    assert_int_equal(access(kernel, R_OK) | access(initrd, R_OK), 0);

    aq_autoclose int lock = aq_base_lock("built", AQ_LOCK_EXCLUSIVE, &err);
    assert_ok(aq_base_pin_anew("built", lock, &pin, &err));
    assert_ok(aq_base_load("built", &changed, &err));
    assert_false(aq_base_kernel(&changed, &none, &none));
    assert_int_equal(access(kernel, F_OK) & access(initrd, F_OK), -1);
    assert_false(aq_base_kernel(&loaded, &none, &none)); /* nor by who has read the record before */
}

static void a_build_that_made_no_sound_disk_leaves_nothing(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    enum aq_base_outcome outcome;
    aq_autobase struct aq_base base = {0};
    struct aq_base_request request = request_for("built", NULL);
    assert_ok(aq_base_stage("built", &stage, &folder, &err));
    assert_fails(aq_base_publish(&stage, &request, NULL, NULL, &base, &outcome, &err), AQ_E_FILE_NOT_FOUND);
    assert_ok(aq_write_new_file_at(stage.folder, AQ_BASE_DISK, "rubbish", 7, 0600, &err));
    assert_fails(aq_base_publish(&stage, &request, NULL, NULL, &base, &outcome, &err), AQ_E_IMAGE_NOT_QCOW2);
    aq_stage_close(&stage);
    assert_int_equal(entries(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_no_sound_disk_is_refused_and_leaves_nothing, fresh),
        cmocka_unit_test_setup(an_unreadable_disk_is_refused, fresh),
        cmocka_unit_test_setup(a_link_to_a_good_disk_is_followed_once, fresh),
        cmocka_unit_test_setup(a_disk_that_changed_is_seen, fresh),
        cmocka_unit_test_setup(a_change_is_named, fresh),
        cmocka_unit_test_setup(a_copy_is_the_stores_own, fresh),
        cmocka_unit_test_setup(a_full_store_is_told_and_left_clean, fresh),
        cmocka_unit_test_setup(a_store_that_moved_keeps_its_copies, fresh),
        cmocka_unit_test_setup(a_built_base_is_published, fresh),
        cmocka_unit_test_setup(a_kernel_comes_with_the_disk_that_it_is_of, fresh),
        cmocka_unit_test_setup(a_build_that_made_no_sound_disk_leaves_nothing, fresh),
    };
    return cmocka_run_group_tests_name("image/base_disk", tests, NULL, NULL);
}
