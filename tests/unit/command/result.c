/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <jansson.h>
#include <string.h>

#include "command/result.h"
#include "util/json.h"

static json_t *as_json(const aq_result *result)
{
    size_t length;
    const char *text = aq_result_json(result, &length);
    assert_int_equal(strlen(text), length);
    assert_null(strchr(text, '\n'));
    json_error_t problem;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    if (json == NULL)
        fail_msg("%s in %s", problem.text, text);
    return json;
}

static void fields_and_rows_are_kept(void **state)
{
    (void)state;
    aq_result *result = aq_result_new();
    aq_result_set_operation(result, "list");
    aq_result_say(result, "two %s", "VMs");
    aq_result_set_int(result, "COUNT", 2);
    aq_result_set_bool(result, "FORCED", true);
    aq_result_set_text(result, "VM", "old");
    aq_result_set_text(result, "VM", "web");
    aq_result_set_text(result, "NOTHING", NULL);
    struct aq_table *table = aq_result_table(result, "VMS");
    aq_table_row(table);
    aq_table_text(table, "NAME", "a");
    aq_table_row(table);
    aq_table_int(table, "PID", 5);
    aq_table_text(table, "NAME", "b");
    aq_result_lines(result, "LINES", "x\r\ny\n\nz", 7);

    assert_int_equal(aq_result_rc(result), 0);
    assert_int_equal(aq_result_field_count(result), 3);
    assert_string_equal(aq_result_field(result, "VM", NULL), "web");
    assert_null(aq_result_field(result, "NOTHING", NULL));
    assert_string_equal(aq_result_cell(result, 0, 1, "NAME", NULL), "b");
    assert_null(aq_result_cell(result, 0, 0, "PID", NULL));
    assert_int_equal(aq_result_row_count(result, 1), 4);
    assert_int_equal(aq_result_row_count(result, 2), 0);
    assert_null(aq_result_table_name(result, 2));
    assert_null(aq_result_cell(result, 2, 0, "NAME", NULL));
    assert_null(aq_result_cell(result, 0, 2, "NAME", NULL));
    assert_null(aq_result_cell_at(result, 0, 0, 9, NULL));
    assert_null(aq_result_column_name(result, 0, 9));
    assert_null(aq_result_field_value(result, 9, NULL));
    assert_null(aq_result_field_name(result, 9));
    assert_string_equal(aq_result_cell(result, 1, 0, "", NULL), "x");
    assert_string_equal(aq_result_cell(result, 1, 2, "", NULL), "");

    aq_autojson json_t *json = as_json(result);
    assert_true(aq_json_bool(json, "success", false));
    assert_int_equal(aq_json_int(json, "count", 0), 2);
    assert_string_equal(aq_json_text(json_array_get(json_object_get(json, "vms"), 1), "name", ""), "b");
    assert_int_equal(json_array_size(json_object_get(json, "lines")), 4);
    aq_result_free(result);
}

static void an_error_has_a_class_a_code_and_a_text(void **state)
{
    (void)state;
    aq_result *result = aq_result_new();
    struct aq_error err = {0};
    aq_fail(&err, AQ_E_VM_NOT_FOUND, "there is no VM \"x\"");
    aq_result_set_error(result, &err);
    assert_int_equal(aq_result_rc(result), 3);
    assert_string_equal(aq_result_error_code(result), "VM_NOT_FOUND");
    aq_autojson json_t *json = as_json(result);
    assert_false(aq_json_bool(json, "success", true));
    assert_string_equal(aq_json_text(json, "error", ""), "there is no VM \"x\"");
    assert_int_equal(aq_json_int(json, "rc", 0), 3);
    aq_result_free(result);
}

/* Everything that a guest may print has to come out as valid JSON, and valid text unchanged. */
static void any_bytes_become_valid_json(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *as_text;
        size_t length;
    } cases[] = {
        {"tab\t\"q\" \\ \x01\x7f", "tab\t\"q\" \\ \x01\x7f", 12},
        {"caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80", 10},
        {"\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd", 2},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd", 2},                 /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aq_result *result = aq_result_new();
        aq_result_set_bytes(result, "STDOUT", cases[i].bytes, cases[i].length);
        aq_autojson json_t *json = as_json(result);
        assert_string_equal(aq_json_text(json, "stdout", ""), cases[i].as_text);
        aq_result_free(result);
    }
    unsigned seed = 3;
    for (int round = 0; round < 5000; round++) {
        char bytes[32];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245 + 12345;
            bytes[i] = (char)(seed >> 16);
            bytes[i] = bytes[i] == '\0' ? 'x' : bytes[i]; /* jansson's parser, our judge here, takes no NUL */
        }
        aq_result *result = aq_result_new();
        aq_result_set_bytes(result, "STDOUT", bytes, sizeof bytes);
        aq_autojson json_t *json = as_json(result);
        aq_result_free(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_rows_are_kept),
        cmocka_unit_test(an_error_has_a_class_a_code_and_a_text),
        cmocka_unit_test(any_bytes_become_valid_json),
    };
    return cmocka_run_group_tests_name("command/result", tests, NULL, NULL);
}
