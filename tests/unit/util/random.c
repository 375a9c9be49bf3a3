/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/process.h"
#include "util/random.h"

static void uuids_have_their_form_and_differ(void **state)
{
    (void)state;
    char before[AQ_UUID_TEXT] = "";
    for (int i = 0; i < 1000; i++) {
        char text[AQ_UUID_TEXT];
        aq_random_uuid(text);
        assert_int_equal(strlen(text), 36);
        assert_int_equal(text[14], '4');
        assert_non_null(strchr("89ab", text[19]));
        for (int at = 0; at < 36; at++) {
            bool dash = at == 8 || at == 13 || at == 18 || at == 23;
            assert_true(dash ? text[at] == '-' : isxdigit(text[at]) && !isupper(text[at]));
        }
        assert_string_not_equal(text, before);
        strcpy(before, text);
    }
}

static void names_can_begin_anything(void **state)
{
    (void)state;
    bool seen[128] = {false};
    for (int i = 0; i < 2000; i++) {
        char text[11];
        assert_int_equal(strlen(aq_random_name(text, sizeof text)), 10);
        assert_true(islower(text[0]));
        for (int at = 0; at < 10; at++) {
            assert_true(islower(text[at]) || isdigit(text[at]));
            seen[(unsigned char)text[at]] = true;
        }
    }
    for (const char *c = "abcdefghijklmnopqrstuvwxyz0123456789"; *c != '\0'; c++)
        assert_true(seen[(unsigned char)*c]);
    char none[1] = "x";
    assert_string_equal(aq_random_name(none, 1), "");
}

static void moments_are_rfc_3339(void **state)
{
    (void)state;
    char text[AQ_TIME_TEXT];
    assert_string_equal(aq_time_text(0, text), "1970-01-01T00:00:00Z");
    assert_string_equal(aq_time_text(1772357400, text), "2026-03-01T09:30:00Z");
    assert_int_equal(strlen(aq_now_text(text)), 20);
    assert_true(strcmp(text, "2024") > 0);
    assert_string_equal(aq_time_text((time_t)1 << 60, text), "");
}

static void uptime_counts_from_the_start_of_the_process(void **state)
{
    (void)state;
    struct aq_process_id self;
    assert_true(aq_process_identify(getpid(), &self));
    int64_t first = aq_uptime_ms(self.start_time);
    usleep(30000);
    int64_t second = aq_uptime_ms(self.start_time);
    assert_in_range(first, 0, 600000);
    assert_true(second >= first + 30);
    assert_int_equal(aq_uptime_ms(UINT64_MAX / 2000), 0);
}

static void a_boot_has_an_identity(void **state)
{
    (void)state;
    char one[37];
    char two[37];
    assert_true(aq_boot_id(one));
    assert_true(aq_boot_id(two));
    assert_string_equal(one, two);
    assert_int_equal(strlen(one), 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuids_have_their_form_and_differ),
        cmocka_unit_test(names_can_begin_anything),
        cmocka_unit_test(moments_are_rfc_3339),
        cmocka_unit_test(uptime_counts_from_the_start_of_the_process),
        cmocka_unit_test(a_boot_has_an_identity),
    };
    return cmocka_run_group_tests_name("util/random", tests, NULL, NULL);
}
