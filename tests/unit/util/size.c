/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "util/size.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define K INT64_C(1024)

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    return 0;
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"512", 512 * K * K},
        {"0", 0},
        {"1.5", 3 * K * K / 2},
        {"1k", K},
        {"1K", K},
        {"1kb", K},
        {"1KiB", K},
        {"512M", 512 * K * K},
        {"512mB", 512 * K * K},
        {"512mib", 512 * K * K},
        {"2G", 2 * K * K * K},
        {"2GB", 2 * K * K * K},
        {"1.5G", 3 * K * K * K / 2},
        {"0.5GiB", K * K * K / 2},
        {".5g", K * K * K / 2},
        {"2.g", 2 * K * K * K},
        {"3t", 3 * K * K * K * K},
        {"0.1G", 107374182},
        {"1.000000000000000000000000001k", K},
        {"007M", 7 * K * K},
        {"8388607T", 8388607 * K * K * K * K},
        {"8796093022207", 8796093022207 * K * K},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t bytes = 1;
        assert_ok(aq_parse_size(cases[i].text, &bytes, &err));
        if (bytes != cases[i].bytes)
            fail_msg("%s: %llu", cases[i].text, (unsigned long long)bytes);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        " ",
        "x",
        "M",
        ".",
        ".M",
        "-1",
        "+1",
        "1 M",
        " 1M",
        "1M ",
        "1MM",
        "1bytes",
        "1B",
        "1i",
        "1Gi",
        "1e3",
        "0x10",
        "1,5",
        "1.5.5",
        "1..5",
        "nan",
        "inf",
        "1\nM",
        "8388608T",
        "9999999999T",
        "9223372036854775808",
        "8796093022208",
        "99999999999999999999999999999999999999k",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t bytes = 42;
        assert_fails(aq_parse_size(cases[i], &bytes, &err), AQ_E_VALUE_INVALID);
        assert_int_equal(bytes, 42);
    }
    uint64_t bytes;
    aq_parse_size("12 parsecs", &bytes, &err);
    assert_non_null(strstr(err.text, "\"12 parsecs\""));
}

static void durations_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t milliseconds;
        int64_t bare_is_milliseconds;
    } cases[] = {
        {"300", 300000, 300},     {"0", 0, 0},
        {"1.5", 1500, 1},         {"90s", 90000, 90000},
        {"5m", 300000, 300000},   {"5M", 300000, 300000},
        {"2h", 7200000, 7200000}, {"30d", 2592000000, 2592000000},
        {"1500ms", 1500, 1500},   {"1.5h", 5400000, 5400000},
        {"0.25s", 250, 250},      {"0.5MS", 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t milliseconds = -1;
        assert_ok(aq_parse_duration(cases[i].text, &milliseconds, &err));
        assert_int_equal(milliseconds, cases[i].milliseconds);
        assert_ok(aq_parse_duration_ms(cases[i].text, &milliseconds, &err));
        assert_int_equal(milliseconds, cases[i].bare_is_milliseconds);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "s",
        "-5",
        "5 m",
        "5w",
        "5min",
        "5sec",
        "1m30s",
        "1e3",
        "forever",
        "9223372036854775807",
        "9999999999h",
        "99999999999999999999999",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t milliseconds;
        assert_fails(aq_parse_duration(cases[i], &milliseconds, &err), AQ_E_VALUE_INVALID);
        assert_fails(aq_parse_duration_ms(cases[i], &milliseconds, &err), AQ_E_VALUE_INVALID);
    }
}

static void sizes_are_written_for_humans(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1023, "1023"},
        {1024, "1K"},
        {200704, "196K"},
        {1536, "1.5K"},
        {104858, "102K"},
        {1048575, "1M"},
        {1048064, "1M"},
        {1047552, "1023K"},
        {1536 * K * K, "1.5G"},
        {10 * K * K * K, "10G"},
        {10 * K * K * K + 60 * K * K, "10.1G"},
        {5 * K * K * K * K, "5T"},
        {UINT64_MAX, "16E"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[AQ_SIZE_TEXT];
        assert_string_equal(aq_size_text(cases[i].bytes, text), cases[i].text);
    }
}

static void durations_are_written_for_humans(void **state)
{
    (void)state;
    static const struct {
        int64_t milliseconds;
        const char *text;
    } cases[] = {
        {0, "0ms"},        {999, "999ms"},        {1000, "1.0s"},      {4250, "4.2s"},
        {59999, "59.9s"},  {60000, "1m0s"},       {190000, "3m10s"},   {3600000, "1h0m"},
        {7500000, "2h5m"}, {172799999, "47h59m"}, {172800000, "2d0h"}, {INT64_MAX, "106751991167d7h"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[AQ_SIZE_TEXT];
        assert_string_equal(aq_duration_text(cases[i].milliseconds, text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sizes_are_read, fresh),
        cmocka_unit_test_setup(what_is_no_size_is_refused, fresh),
        cmocka_unit_test_setup(durations_are_read, fresh),
        cmocka_unit_test_setup(what_is_no_duration_is_refused, fresh),
        cmocka_unit_test_setup(sizes_are_written_for_humans, fresh),
        cmocka_unit_test_setup(durations_are_written_for_humans, fresh),
    };
    return cmocka_run_group_tests_name("util/size", tests, NULL, NULL);
}
