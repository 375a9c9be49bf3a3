/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <string.h>

static void first_error_wins(void **state)
{
    (void)state;
    struct aq_error err = {0};
    assert_int_equal(aq_fail(&err, AQ_E_BASE_NOT_FOUND, "no base %s", "x"), -1);
    aq_fail(&err, AQ_E_IO, "later");
    assert_string_equal(err.text, "no base x");
    assert_string_equal(aq_error_name(err.code), "BASE_NOT_FOUND");
    assert_int_equal(aq_error_rc(err.code), AQ_RC_NOT_FOUND);
}

static void errno_chooses_the_code(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_fail_errno(&err, AQ_E_IO, ENOSPC, "cannot write %s", "f");
    assert_int_equal(err.code, AQ_E_NO_SPACE);
    assert_string_equal(err.text, "cannot write f: No space left on device");
    struct aq_error other = {0};
    aq_fail_errno(&other, AQ_E_IO, EINTR, "waiting");
    assert_int_equal(other.code, AQ_E_INTERRUPTED);
}

static void context_goes_in_front_and_never_overflows(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_fail(&err, AQ_E_IO, "%05000d", 7);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    aq_error_context(&err, "stage %d", 2);
    assert_memory_equal(err.text, "stage 2: 0000", 13);
    assert_true(strlen(err.text) < sizeof err.text);
}

static void every_code_has_a_meaning(void **state)
{
    (void)state;
    for (int code = 1; code < AQ_ERROR_COUNT; code++) {
        assert_true(strlen(aq_error_meaning(code)) > 20);
        assert_int_not_equal(aq_error_rc(code), AQ_RC_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(errno_chooses_the_code),
        cmocka_unit_test(context_goes_in_front_and_never_overflows),
        cmocka_unit_test(every_code_has_a_meaning),
    };
    return cmocka_run_group_tests_name("util/error", tests, NULL, NULL);
}
