/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/home.h"

static struct aq_error err;
static char here[4096];

/* Each test begins in an empty folder "work" without any setting. */
static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    unsetenv("ADDRESS_QEMU_HOME");
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_RUNTIME_DIR");
    unsetenv("HOME");
    if (aq_remove_tree_at(AT_FDCWD, "work", &err) < 0 || mkdir("work", 0700) < 0)
        return -1;
    aq_autofree char *path = realpath("work", NULL);
    snprintf(here, sizeof here, "%s", path);
    return 0;
}

static void set(const char *name, const char *below)
{
    aq_autofree char *path = aq_format("%s/%s", here, below);
    setenv(name, path, 1);
}

static void assert_home(const char *below)
{
    aq_autofree char *wanted = aq_format("%s/%s", here, below);
    aq_autofree char *path = aq_home_path(&err);
    assert_non_null(path);
    assert_string_equal(path, wanted);
}

static void the_store_is_where_the_settings_say(void **state)
{
    (void)state;
    aq_autofree char *of_user = aq_home_path(&err);
    aq_autofree char *wanted = aq_format("%s/.local/share/address-qemu", getpwuid(geteuid())->pw_dir);
    assert_string_equal(of_user, wanted);
    set("HOME", "home");
    assert_home("home/.local/share/address-qemu");
    setenv("XDG_DATA_HOME", "relative/is/ignored", 1);
    assert_home("home/.local/share/address-qemu");
    set("XDG_DATA_HOME", "data");
    assert_home("data/address-qemu");
    setenv("ADDRESS_QEMU_HOME", "", 1);
    assert_home("data/address-qemu");
    set("ADDRESS_QEMU_HOME", "own");
    assert_home("own");
    setenv("ADDRESS_QEMU_HOME", "work/relative", 1);
    assert_home("relative");
}

static void assert_private(int fd, const char *below)
{
    assert_ok(fd);
    aq_autofree char *wanted = aq_format("%s/%s", here, below);
    aq_autofree char *link = aq_format("/proc/self/fd/%d", fd);
    aq_autofree char *path = realpath(link, NULL);
    assert_string_equal(path, wanted);
    struct stat folder;
    assert_return_code(fstat(fd, &folder), 0);
    assert_int_equal(folder.st_mode & 0777, 0700);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}

static void folders_are_made_private_with_their_parents(void **state)
{
    (void)state;
    set("HOME", "home");
    assert_private(aq_open_home(&err), "home/.local/share/address-qemu");
    assert_private(aq_open_home(&err), "home/.local/share/address-qemu");
    assert_private(aq_open_home_dir("vms", &err), "home/.local/share/address-qemu/vms");
    assert_private(aq_open_home_dir("vms", &err), "home/.local/share/address-qemu/vms");
    set("ADDRESS_QEMU_HOME", "slashes///");
    assert_private(aq_open_home_dir("vms", &err), "slashes/vms");
}

static void a_store_open_to_others_is_refused(void **state)
{
    (void)state;
    set("ADDRESS_QEMU_HOME", "own");
    static const mode_t modes[] = {0701, 0710, 0755, 0770, 0777, 01777, 0704};
    assert_return_code(mkdir("work/own", 0700), 0);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_return_code(chmod("work/own", modes[i]), 0);
        assert_fails(aq_open_home(&err), AQ_E_STORE_UNSAFE);
    }
    assert_return_code(chmod("work/own", 0700), 0);
    assert_return_code(mkdir("work/own/vms", 0700), 0);
    assert_return_code(chmod("work/own/vms", 0750), 0);
    assert_fails(aq_open_home_dir("vms", &err), AQ_E_STORE_UNSAFE);
}

static void what_is_no_folder_is_refused(void **state)
{
    (void)state;
    set("ADDRESS_QEMU_HOME", "own");
    aq_autoclose int file = open("work/own", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_fails(aq_open_home(&err), AQ_E_STORE_UNSAFE);
    assert_return_code(unlink("work/own"), 0);
    assert_return_code(symlink("nowhere", "work/own"), 0);
    assert_true(aq_open_home(&err) < 0);
    err = (struct aq_error){0};
    set("ADDRESS_QEMU_HOME", "file/own");
    aq_autoclose int other = open("work/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_fails(aq_open_home(&err), AQ_E_IO);
}

static void a_link_of_our_own_leads_to_the_store_but_not_inside_it(void **state)
{
    (void)state;
    set("ADDRESS_QEMU_HOME", "own");
    assert_return_code(mkdir("work/elsewhere", 0700), 0);
    assert_return_code(symlink("elsewhere", "work/own"), 0);
    assert_private(aq_open_home(&err), "elsewhere");
    assert_return_code(mkdir("work/elsewhere/real", 0700), 0);
    assert_return_code(symlink("real", "work/elsewhere/vms"), 0);
    assert_fails(aq_open_home_dir("vms", &err), AQ_E_STORE_UNSAFE);
}

static void what_belongs_to_someone_else_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0) /* only root can give a folder away; CI is root */
        skip();
    set("ADDRESS_QEMU_HOME", "own");
    assert_return_code(mkdir("work/own", 0700), 0);
    assert_return_code(chown("work/own", 65534, 65534), 0);
    assert_fails(aq_open_home(&err), AQ_E_STORE_UNSAFE);
    assert_return_code(rmdir("work/own"), 0);

    assert_return_code(mkdir("work/elsewhere", 0700), 0);
    assert_return_code(symlink("elsewhere", "work/own"), 0);
    assert_return_code(lchown("work/own", 65534, 65534), 0);
    assert_int_equal(aq_open_home(&err), -1);
    assert_non_null(strstr(err.text, "a link that user 65534 made"));
}

static void the_runtime_folder_is_private_and_never_a_link(void **state)
{
    (void)state;
    set("XDG_RUNTIME_DIR", "run");
    assert_return_code(mkdir("work/run", 0700), 0);
    assert_private(aq_open_runtime(&err), "run/address-qemu");
    aq_autofree char *path = aq_runtime_path();
    aq_autofree char *wanted = aq_format("%s/run/address-qemu", here);
    assert_string_equal(path, wanted);

    assert_return_code(chmod("work/run/address-qemu", 0755), 0);
    assert_fails(aq_open_runtime(&err), AQ_E_STORE_UNSAFE);
    assert_return_code(rmdir("work/run/address-qemu"), 0);
    assert_return_code(mkdir("work/elsewhere", 0700), 0);
    assert_return_code(symlink("../elsewhere", "work/run/address-qemu"), 0);
    assert_fails(aq_open_runtime(&err), AQ_E_STORE_UNSAFE);
}

static void a_runtime_folder_that_is_not_ours_is_passed_over(void **state)
{
    (void)state;
    set("XDG_RUNTIME_DIR", "not-there");
    aq_autofree char *missing = aq_runtime_path();
    assert_null(strstr(missing, "not-there"));
    assert_non_null(strstr(missing, "/address-qemu"));
    if (geteuid() != 0)
        return;
    set("XDG_RUNTIME_DIR", "run");
    assert_return_code(mkdir("work/run", 0700), 0);
    assert_return_code(chown("work/run", 65534, 65534), 0);
    aq_autofree char *foreign = aq_runtime_path();
    assert_string_equal(foreign, missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_store_is_where_the_settings_say, fresh),
        cmocka_unit_test_setup(folders_are_made_private_with_their_parents, fresh),
        cmocka_unit_test_setup(a_store_open_to_others_is_refused, fresh),
        cmocka_unit_test_setup(what_is_no_folder_is_refused, fresh),
        cmocka_unit_test_setup(a_link_of_our_own_leads_to_the_store_but_not_inside_it, fresh),
        cmocka_unit_test_setup(what_belongs_to_someone_else_is_refused, fresh),
        cmocka_unit_test_setup(the_runtime_folder_is_private_and_never_a_link, fresh),
        cmocka_unit_test_setup(a_runtime_folder_that_is_not_ours_is_passed_over, fresh),
    };
    return cmocka_run_group_tests_name("util/home", tests, NULL, NULL);
}
