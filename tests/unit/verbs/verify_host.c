/* SPDX-License-Identifier: MIT */
/* What verify_host says of this host, and of one that lacks something. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_needs.h"
#include "session.h"
#include "util/cleanup.h"
#include "util/home.h"

/* The column of the row NAME of CHECKS, the one table; NULL when there is no such row. */
static const char *check(const char *name, const char *column)
{
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++)
        if (strcmp(aq_result_cell(last, 0, row, "NAME", NULL), name) == 0)
            return aq_result_cell(last, 0, row, column, NULL);
    return NULL;
}

static void assert_check(const char *name, const char *status)
{
    const char *found = check(name, "STATUS");
    if (found == NULL || strcmp(found, status) != 0)
        fail_msg("%s: wanted %s, got %s", name, status, found != NULL ? found : "no such row");
}

static void what_a_build_needs_is_looked_for(void **state)
{
    (void)state;
    assert_command("verify_host");
    assert_string_equal(field("READY"), "1");
    for (const struct aq_build_need *need = aq_build_needs; need->name != NULL; need++) {
        aq_autofree char *path = aq_build_need_path(need);
        if (!aq_build_needs_this(need, AQ_BUILD_DEBIAN))
            assert_null(check(need->name, "STATUS"));
        else
            assert_check(need->name, path != NULL ? "ok" : "missing");
    }
}

static void what_is_missing_comes_with_the_command_that_mends_it(void **state)
{
    (void)state;
    aq_autofree char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    command("verify_host");
    setenv("PATH", path, 1);
    assert_string_equal(aq_result_error_code(last), "TOOL_MISSING");
    assert_string_equal(field("READY"), "0");
    assert_check("qemu-system-x86_64", "missing");
    assert_check("mcopy", "missing");
    assert_string_equal(check("mcopy", "FIX"), "apt-get install mtools");
    assert_string_equal(check("xz", "FIX"), "apt-get install xz-utils");
}

/* `path` is opened to others for a while. */
static void assert_open_to_others_is_told(const char *name, const char *path)
{
    assert_command("verify_host");
    assert_check(name, "ok");
    assert_int_equal(chmod(path, 0755), 0);
    command("verify_host");
    chmod(path, 0700);
    assert_string_equal(aq_result_error_code(last), "STORE_UNSAFE");
    assert_says("chmod 700");
    assert_string_equal(field("READY"), "0");
    assert_check(name, "unusable");
    assert_non_null(strstr(check(name, "DETAIL"), path));
}

static void a_store_that_others_may_enter_is_told(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autofree char *path = aq_home_path(&err);
    assert_open_to_others_is_told("store", path);
    assert_check("runtime folder", "ok");
}

static void a_runtime_folder_that_others_may_enter_is_told(void **state)
{
    (void)state;
    aq_autofree char *path = aq_runtime_path();
    assert_open_to_others_is_told("runtime folder", path);
    assert_check("store", "ok");
}

static void a_store_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may write anywhere; and what is held here would be lost, for skip() does not return */
    struct aq_error err = {0};
    aq_autofree char *path = aq_home_path(&err);
    assert_command("verify_host");
    assert_int_equal(chmod(path, 0500), 0);
    command("verify_host");
    chmod(path, 0700);
    assert_string_equal(aq_result_error_code(last), "IO");
    assert_check("store", "unusable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_build_needs_is_looked_for),
        cmocka_unit_test(what_is_missing_comes_with_the_command_that_mends_it),
        cmocka_unit_test(a_store_that_others_may_enter_is_told),
        cmocka_unit_test(a_runtime_folder_that_others_may_enter_is_told),
        cmocka_unit_test(a_store_that_cannot_be_written_is_told),
    };
    int failed = cmocka_run_group_tests_name("verbs/verify_host", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
