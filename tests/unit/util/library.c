/* SPDX-License-Identifier: MIT */
/* Libraries that are loaded at first use: what is told when they are not there. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "util/library.h"

#define MATH_FUNCTIONS(X) X(floor) X(hypot)
AQ_LIBRARY_DECLARE(maths, MATH_FUNCTIONS);
AQ_LIBRARY_DEFINE(maths, MATH_FUNCTIONS, "libc6", "libnone.so.1", "libm.so.6");

AQ_LIBRARY_DECLARE(absent, MATH_FUNCTIONS);
AQ_LIBRARY_DEFINE(absent, MATH_FUNCTIONS, "libnone1", "libnone.so.1");

double of_no_library(double x);
#define OTHER_FUNCTIONS(X) X(floor) X(of_no_library)
AQ_LIBRARY_DECLARE(other, OTHER_FUNCTIONS);
AQ_LIBRARY_DEFINE(other, OTHER_FUNCTIONS, "libm7", "libm.so.6");

static void the_first_that_is_there_is_used(void **state)
{
    (void)state;
    struct aq_error err = {0};
    for (int i = 0; i < 2; i++) {
        assert_ok(aq_library_load(&maths_library, &err));
        assert_true(maths.floor(3.5) == 3 && maths.hypot(3, 4) == 5);
    }
}

static void one_that_is_missing_names_its_package(void **state)
{
    (void)state;
    struct aq_error err = {0};
    for (int i = 0; i < 2; i++) {
        err = (struct aq_error){0};
        assert_int_equal(aq_library_load(&absent_library, &err), -1);
        assert_int_equal(err.code, AQ_E_LIBRARY_MISSING);
        assert_non_null(strstr(err.text, "apt-get install libnone1"));
    }
}

static void one_of_another_version_names_what_it_lacks(void **state)
{
    (void)state;
    struct aq_error err = {0};
    assert_int_equal(aq_library_load(&other_library, &err), -1);
    assert_int_equal(err.code, AQ_E_LIBRARY_MISSING);
    assert_non_null(strstr(err.text, "of_no_library"));
    assert_non_null(strstr(err.text, "libm7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_is_there_is_used),
        cmocka_unit_test(one_that_is_missing_names_its_package),
        cmocka_unit_test(one_of_another_version_names_what_it_lacks),
    };
    return cmocka_run_group_tests_name("util/library", tests, NULL, NULL);
}
