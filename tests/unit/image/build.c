/* SPDX-License-Identifier: MIT */
/* What is refused before anything is made, and that a build that fails leaves nothing. */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build.h"
#include "util/cleanup.h"
#include "util/files.h"
#include "util/stage.h"
#include "util/wait.h"

static struct aq_error err;
static struct aq_strings packages;
static struct aq_build build;
static char *here;
static char *folder_path;
static char *cache_path;
static struct aq_boot boot;
static char *original_path;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_interrupt_clear();
    aq_strings_free(&packages);
    packages = (struct aq_strings){0};
    setenv("PATH", original_path, 1);
    if (aq_remove_tree_at(AT_FDCWD, "programs", &err) < 0 || mkdir("programs", 0700) < 0)
        return -1;
    mkdir("work", 0700);
    build = (struct aq_build){.kind = AQ_BUILD_MICRO,
                              .suite = "bookworm",
                              .packages = &packages,
                              .folder_path = folder_path,
                              .cache_path = cache_path};
    return 0;
}

/* A program of that name before the real one. */
static void replace_program(const char *name, const char *script)
{
    aq_autofree char *path = aq_format("programs/%s", name);
    aq_autofree char *search = aq_format("%s/programs:%s", here, original_path);
    assert_ok(aq_write_new_file_at(AT_FDCWD, path, script, strlen(script), 0700, &err));
    setenv("PATH", search, 1);
}

static void assert_nothing_left(void)
{
    DIR *folder = opendir(folder_path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        assert_true(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    closedir(folder);
    assert_null(boot.append);
}

static void bad_suites_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "-o", "Bookworm", "a", "book worm", "../etc", "bookworm/x", "x\ny"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        build.suite = bad[i];
        assert_fails(aq_build_check(&build, &err), AQ_E_VALUE_INVALID);
    }
}

static void bad_packages_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "-y",      "--force", "Vim", "vim=1",
                                      "a b", "vim/sid", "./x.deb", "x,y", "x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        packages = (struct aq_strings){0};
        aq_strings_add(&packages, "ca-certificates");
        aq_strings_add(&packages, bad[i]);
        assert_fails(aq_build_check(&build, &err), AQ_E_VALUE_INVALID);
        aq_strings_free(&packages);
    }
    packages = (struct aq_strings){0};
}

static void bad_mirrors_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "mirror.lan", "ftp://x", "http://x y", "http://x\ndeb", "http://[::1]", "copy:/etc", "--x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        build.mirror = bad[i];
        assert_fails(aq_build_check(&build, &err), AQ_E_VALUE_INVALID);
    }
}

static void sizes_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const uint64_t bad[] = {1, UINT64_C(63) << 20, (UINT64_C(2) << 40) + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        build.size = bad[i];
        assert_fails(aq_build_check(&build, &err), AQ_E_LIMIT_EXCEEDED);
    }
    build.kind = AQ_BUILD_DEBIAN;
    build.size = UINT64_C(512) << 20;
    assert_fails(aq_build_check(&build, &err), AQ_E_LIMIT_EXCEEDED);
}

static void the_helper_has_to_be_there(void **state)
{
    (void)state;
    build.helper = true;
    build.runner_path = "/nonexistent/rexx-guest";
    assert_fails(aq_build_check(&build, &err), AQ_E_GUEST_RUNNER_MISSING);
}

static void a_missing_tool_is_named_with_its_package(void **state)
{
    (void)state;
    aq_autofree char *search = aq_format("%s/programs", here);
    setenv("PATH", search, 1);
    assert_int_equal(aq_build_check(&build, &err), -1);
    assert_int_equal(err.code, AQ_E_TOOL_MISSING);
    assert_non_null(strstr(err.text, "apt"));
}

static void what_can_be_built_passes(void **state)
{
    (void)state;
    aq_strings_add(&packages, "g++");
    aq_strings_add(&packages, "python3.11");
    build.mirror = "https://mirror.example.org/debian";
    build.size = UINT64_C(64) << 20;
    assert_ok(aq_build_check(&build, &err));
    build.kind = AQ_BUILD_DEBIAN;
    build.size = 0;
    assert_ok(aq_build_check(&build, &err));
}

static void a_failed_download_leaves_nothing(void **state)
{
    (void)state;
    replace_program("apt-get",
                    "#!/bin/sh\ncase \"$*\" in *update*) echo 'E: no such mirror' >&2; exit 100;; esac\n");
    assert_int_equal(aq_build_image(&build, &boot, &err), -1);
    assert_non_null(strstr(err.text, "no such mirror"));
    assert_int_equal(err.code, AQ_E_TOOL_FAILED);
    assert_nothing_left();
}

static int other_build = -1; /* its lock on the cache */
static unsigned said_to_wait;

static void end_other_build(void *data, const char *line)
{
    (void)data;
    if (strstr(line, "waiting for another build") == NULL)
        return;
    said_to_wait++;
    close(other_build);
}

static void another_build_is_waited_for_with_a_word(void **state)
{
    (void)state;
    replace_program("apt-get", "#!/bin/sh\necho 'E: no such mirror' >&2\nexit 100\n");
    assert_int_equal(aq_build_image(&build, &boot, &err), -1); /* makes the cache */
    aq_autoclose int cache = aq_open_private_dir(cache_path, &err);
    assert_int_equal(aq_folder_lock(cache, "apt-bookworm", AQ_LOCK_EXCLUSIVE, 0, &other_build, &err),
                     AQ_LOCK_HELD);
    build.progress = end_other_build;
    err = (struct aq_error){0};
    assert_fails(aq_build_image(&build, &boot, &err), AQ_E_TOOL_FAILED);
    assert_int_equal(said_to_wait, 1);
    assert_nothing_left();
}

static void a_failed_bootstrap_leaves_nothing(void **state)
{
    (void)state;
    build.kind = AQ_BUILD_DEBIAN;
    replace_program("mmdebstrap",
                    "#!/bin/sh\necho data >root.tar\necho 'E: unable to unpack' >&2\nexit 25\n");
    assert_fails(aq_build_image(&build, &boot, &err), AQ_E_TOOL_FAILED);
    assert_nothing_left();
}

static void an_interruption_leaves_nothing(void **state)
{
    (void)state;
    build.kind = AQ_BUILD_DEBIAN;
    replace_program("mmdebstrap", "#!/bin/sh\necho data >root.tar\nkill -USR1 $PPID\nexec sleep 100\n");
    assert_fails(aq_build_image(&build, &boot, &err), AQ_E_INTERRUPTED);
    assert_nothing_left();
}

static void interrupt(int signal_number)
{
    (void)signal_number;
    aq_interrupt();
}

int main(void)
{
    signal(SIGUSR1, interrupt);
    here = getcwd(NULL, 0);
    original_path = strdup(getenv("PATH"));
    folder_path = aq_format("%s/work", here);
    cache_path = aq_format("%s/cache", here);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bad_suites_are_refused, fresh),
        cmocka_unit_test_setup(bad_packages_are_refused, fresh),
        cmocka_unit_test_setup(bad_mirrors_are_refused, fresh),
        cmocka_unit_test_setup(sizes_out_of_bounds_are_refused, fresh),
        cmocka_unit_test_setup(the_helper_has_to_be_there, fresh),
        cmocka_unit_test_setup(a_missing_tool_is_named_with_its_package, fresh),
        cmocka_unit_test_setup(what_can_be_built_passes, fresh),
        cmocka_unit_test_setup(a_failed_download_leaves_nothing, fresh),
        cmocka_unit_test_setup(another_build_is_waited_for_with_a_word, fresh),
        cmocka_unit_test_setup(a_failed_bootstrap_leaves_nothing, fresh),
        cmocka_unit_test_setup(an_interruption_leaves_nothing, fresh),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aq_strings_free(&packages);
    free(here);
    free(original_path);
    free(folder_path);
    free(cache_path);
    return failed;
}
