/* SPDX-License-Identifier: MIT */
/* Health checks: what is kept of them, and when an action is due. */
#include "vm/health.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "test.h"
#include "util/files.h"
#include "util/json.h"

static struct aq_error err;
static int folder = -1;

static const struct aq_process_id first = {.pid = 100, .start_time = 5},
                                  second = {.pid = 100, .start_time = 9};

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    unlink("health.yaml");
    unlink("health.json");
    return 0;
}

/* --- when an action is due --- */

static void failures_in_a_row_make_it_unhealthy(void **state)
{
    (void)state;
    const struct aq_health_check check = {.retries = 3, .action = AQ_HEALTH_STOP};
    struct aq_health_state now = {0};
    assert_int_equal(aq_health_judge(&check, &first, 1, false, &now), AQ_HEALTH_NONE);
    assert_int_equal(now.health, AQ_HEALTH_FAILING);
    assert_int_equal(aq_health_judge(&check, &first, 1, false, &now), AQ_HEALTH_NONE);
    assert_int_equal(aq_health_judge(&check, &first, 1, true, &now), AQ_HEALTH_NONE);
    assert_int_equal(now.health, AQ_HEALTH_HEALTHY);
    assert_int_equal(now.failures, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(aq_health_judge(&check, &first, 1, false, &now), AQ_HEALTH_NONE);
    assert_int_equal(aq_health_judge(&check, &first, 1, false, &now), AQ_HEALTH_STOP);
    assert_int_equal(now.health, AQ_HEALTH_UNHEALTHY);
    /* One that could not be stopped is tried again. */
    assert_int_equal(aq_health_judge(&check, &first, 1, false, &now), AQ_HEALTH_STOP);
    assert_int_equal(now.failures, 4);
}

static void a_vm_that_starts_may_fail(void **state)
{
    (void)state;
    const struct aq_health_check check = {.retries = 1, .start_period = 1000, .action = AQ_HEALTH_RESTART};
    struct aq_health_state now = {0};
    assert_int_equal(aq_health_judge(&check, &first, 999, false, &now), AQ_HEALTH_NONE);
    assert_int_equal(now.health, AQ_HEALTH_STARTING);
    assert_int_equal(aq_health_judge(&check, &first, 1000, false, &now), AQ_HEALTH_RESTART);
    /* Another run begins anew; and what has been healthy may not fail any more. */
    assert_int_equal(aq_health_judge(&check, &second, 500, false, &now), AQ_HEALTH_NONE);
    assert_int_equal(now.health, AQ_HEALTH_STARTING);
    assert_int_equal(now.failures, 0);
    assert_int_equal(aq_health_judge(&check, &second, 600, true, &now), AQ_HEALTH_NONE);
    assert_int_equal(aq_health_judge(&check, &second, 700, false, &now), AQ_HEALTH_RESTART);
}

static void restarts_that_do_not_help_come_to_an_end(void **state)
{
    (void)state;
    struct aq_health_check check = {.retries = 1, .max_restarts = 2, .action = AQ_HEALTH_RESTART};
    struct aq_health_state now = {0};
    for (unsigned i = 0; i < 5; i++) {
        const struct aq_process_id run = {.pid = 7, .start_time = i};
        assert_int_equal(aq_health_judge(&check, &run, 0, false, &now),
                         i < 2 ? AQ_HEALTH_RESTART : AQ_HEALTH_NONE);
        assert_int_equal(now.health, AQ_HEALTH_UNHEALTHY);
    }
    aq_health_judge(&check, &first, 0, true, &now);
    assert_int_equal(aq_health_judge(&check, &first, 0, false, &now), AQ_HEALTH_RESTART);
    check.max_restarts = 0;
    for (int i = 0; i < 100; i++)
        assert_int_equal(aq_health_judge(&check, &first, 0, false, &now), AQ_HEALTH_RESTART);
}

/* --- on disk --- */

static void what_was_configured_is_read_again(void **state)
{
    (void)state;
    aq_autohealthcheck struct aq_health_check check = {0}, again = {0};
    assert_int_equal(aq_health_check_read(folder, "web", &check, &err), 0);
    assert_false(check.enabled);
    assert_int_equal(check.interval, 60000);
    assert_int_equal(check.retries, 3);
    free(check.command);
    check.command = aq_strdup("test \"$(cat /x)\" = 'a: b' # true\n");
    check.enabled = true;
    check.interval = 250;
    check.action = AQ_HEALTH_STOP;
    assert_ok(aq_health_check_write(folder, &check, &err));
    assert_int_equal(aq_health_check_read(folder, "web", &again, &err), 1);
    assert_string_equal(again.command, check.command);
    assert_true(again.enabled);
    assert_int_equal(again.interval, 250);
    assert_int_equal(again.action, AQ_HEALTH_STOP);
    assert_int_equal(again.max_restarts, 5);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char *const records[] = {"retries: 0\n",       "interval_ms: 0\n",      "action: explode\n",
                                          "max_restarts: -1\n", "retries: 9999999999\n", "- a\n"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        aq_autohealthcheck struct aq_health_check check = {0};
        assert_ok(aq_replace_file_at(folder, "health.yaml", records[i], strlen(records[i]), &err));
        assert_fails(aq_health_check_read(folder, "web", &check, &err), AQ_E_RECORD_INVALID);
        err = (struct aq_error){0};
    }
}

static void what_was_found_is_read_again(void **state)
{
    (void)state;
    const struct aq_health_check check = {.retries = 2, .action = AQ_HEALTH_RESTART};
    struct aq_health_state now = {0}, again;
    for (int i = 0; i < 25; i++) {
        aq_autojson json_t *record = aq_health_load(folder);
        char output[32];
        snprintf(output, sizeof output, "number %d\xff", i);
        const struct aq_health_finding finding = {
            .exit_code = i, .output = output, .output_length = strlen(output), .duration = 3};
        aq_health_from_json(record, &again);
        assert_int_equal(again.failures, now.failures);
        assert_int_equal(again.run.pid, now.run.pid);
        enum aq_health_action action = aq_health_judge(&check, &first, 0, false, &now);
        aq_health_note(record, &now, &finding);
        if (action == AQ_HEALTH_RESTART)
            aq_health_note_action(record, action, "ok");
        assert_ok(aq_health_store(folder, record, &err));
    }
    aq_autojson json_t *record = aq_health_load(folder);
    json_t *history = json_object_get(record, "history");
    assert_int_equal(json_array_size(history), 20);
    assert_int_equal(aq_json_int(json_array_get(history, 19), "exit_code", 0), 24);
    assert_int_equal(aq_json_int(json_array_get(history, 0), "exit_code", 0), 5);
    assert_string_equal(aq_json_text(record, "status", ""), "unhealthy");
    assert_string_equal(aq_json_text(record, "action", ""), "restart");
    assert_non_null(strstr(aq_json_text(record, "output", ""), "number 24"));
}

static void garbage_is_no_state(void **state)
{
    (void)state;
    static const char *const states[] = {"", "{", "[1]",
                                         "{\"status\": 7, \"failures\": \"x\", \"history\": 3}"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct aq_health_state now;
        const struct aq_health_finding finding = {.passed = true, .output = ""};
        assert_ok(aq_replace_file_at(folder, "health.json", states[i], strlen(states[i]), &err));
        aq_autojson json_t *record = aq_health_load(folder);
        aq_health_from_json(record, &now);
        assert_int_equal(now.failures, 0);
        aq_health_note(record, &now, &finding);
        assert_int_equal(json_array_size(json_object_get(record, "history")), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(failures_in_a_row_make_it_unhealthy, fresh),
        cmocka_unit_test_setup(a_vm_that_starts_may_fail, fresh),
        cmocka_unit_test_setup(restarts_that_do_not_help_come_to_an_end, fresh),
        cmocka_unit_test_setup(what_was_configured_is_read_again, fresh),
        cmocka_unit_test_setup(what_cannot_be_is_refused, fresh),
        cmocka_unit_test_setup(what_was_found_is_read_again, fresh),
        cmocka_unit_test_setup(garbage_is_no_state, fresh),
    };
    folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
