/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/json.h"
#include "util/yaml.h"

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    return 0;
}

static json_t *parse(const char *text)
{
    return aq_yaml_parse(text, strlen(text), "f", &err);
}

/* What the text means, as compact JSON. */
static void assert_means(const char *text, const char *json)
{
    aq_autojson json_t *tree = parse(text);
    if (tree == NULL)
        fail_msg("%s", err.text);
    aq_autofree char *got = json_dumps(tree, JSON_COMPACT);
    assert_string_equal(got, json);
}

static void plain_scalars_have_types_and_quoted_ones_are_text(void **state)
{
    (void)state;
    assert_means("a: 1\nb: -20\nc: true\nd: false\n", "{\"a\":1,\"b\":-20,\"c\":true,\"d\":false}");
    assert_means("a: \"1\"\nb: 'true'\nc: |\n  false\n", "{\"a\":\"1\",\"b\":\"true\",\"c\":\"false\\n\"}");
    assert_means("a: 0644\nb: 1.5\nc: -0\nd: 1e3\ne: 0x10\nf: +1\n",
                 "{\"a\":\"0644\",\"b\":\"1.5\",\"c\":\"-0\",\"d\":\"1e3\",\"e\":\"0x10\",\"f\":\"+1\"}");
    assert_means("a: yes\nb: null\nc: ~\nd:\ne: True\n",
                 "{\"a\":\"yes\",\"b\":\"null\",\"c\":\"~\",\"d\":\"\",\"e\":\"True\"}");
    assert_means("a: 9223372036854775807\nb: -9223372036854775808\nc: 9223372036854775808\n",
                 "{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":\"9223372036854775808\"}");
}

static void structures_of_any_style_are_read(void **state)
{
    (void)state;
    assert_means("# a comment\n---\na: {b: [1, x], c: {}}\nd:\n- 1\n- e: f\n  g: h\n-\n  - i\n...\n",
                 "{\"a\":{\"b\":[1,\"x\"],\"c\":{}},\"d\":[1,{\"e\":\"f\",\"g\":\"h\"},[\"i\"]]}");
    assert_means("\xef\xbb\xbf"
                 "a: caf\xc3\xa9\r\nb: \"\\u263a\\n\"\r\n",
                 "{\"a\":\"caf\xc3\xa9\",\"b\":\"\xe2\x98\xba\\n\"}");
    assert_means("1: a\ntrue: b\n\"x y\": c\n", "{\"1\":\"a\",\"true\":\"b\",\"x y\":\"c\"}");
    assert_means("{}", "{}");
    assert_means("a: >\n  one\n  two\n\n  three\n", "{\"a\":\"one two\\nthree\\n\"}");
}

static void refused(const char *text, size_t length, const char *where, const char *why)
{
    json_t *tree = aq_yaml_parse(text, length, "f", &err);
    if (tree != NULL)
        fail_msg("accepted: %s", text);
    assert_int_equal(err.code, AQ_E_RECORD_INVALID);
    if (strncmp(err.text, where, strlen(where)) != 0 || strstr(err.text, why) == NULL)
        fail_msg("%s: wanted %s … %s, got %s", text, where, why, err.text);
    err = (struct aq_error){0};
}

static void every_refusal_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *where;
        const char *why;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "f:3:1: ", "the key \"a\" is there twice"},
        {"a:\n  b: 1\n  b: 2\n", "f:3:3: ", "the key \"b\" is there twice"},
        {"a: &x 1\n", "f:1:4: ", "anchors"},
        {"&x a: 1\n", "f:1:1: ", "a key has to be plain text"},
        {"a: &x\n  b: 1\n", "f:1:4: ", "anchors"},
        {"a: &x [1]\n", "f:1:4: ", "anchors"},
        {"a: *x\n", "f:1:4: ", "aliases"},
        {"a: [*x]\n", "f:1:5: ", "aliases"},
        {"*x : 1\n", "f:1:1: ", "a key has to be plain text"},
        {"&r\na: 1\n", "f:1:1: ", "anchors"},
        {"a: !!str 1\n", "f:1:4: ", "tags"},
        {"a: ! 1\n", "f:1:4: ", "tags"},
        {"a: !!python/object:os.system [x]\n", "f:1:4: ", "tags"},
        {"a: !x {b: c}\n", "f:1:4: ", "tags"},
        {"!!int 1: b\n", "f:1:1: ", "a key has to be plain text"},
        {"a:\n\tb: 1\n", "f:2:1: ", "a tab, which cannot indent"},
        {"a: 1\nb: [1, 2\n", "f:3:1: ", "did not find"},
        {"a: \"open\n", "f:2:1: ", "unexpected end of stream"},
        {"a: 1\n  b: 2\n", "f:2:4: ", "mapping values are not allowed"},
        {"? [a, b]\n: c\n", "f:1:3: ", "a key has to be plain text"},
        {"? {a: b}\n: c\n", "f:1:3: ", "a key has to be plain text"},
        {"- a\n- b\n", "f:1:1: ", "keys with values"},
        {"just text", "f:1:1: ", "keys with values"},
        {"", "f:1:1: ", "there is nothing in it"},
        {"# only a comment\n", "f:2:1: ", "there is nothing in it"},
        {"--- {a: 1}\n--- {b: 2}\n", "f:2:1: ", "several documents"},
        {"a: 1\n---\n", "f:2:1: ", "several documents"},
        {"a: \"x\\0y\"\n", "f:1:4: ", "NUL"},
        {"\"x\\0y\": 1\n", "f:1:1: ", "NUL"},
        {"a: 1\nb: \"\\ud800\"\n", "f:2:7: ", "Unicode"},
        {"a: ok\nb: x\x01y\n", "f:2:5: ", "control characters"},
        {"a: ok\nb: x\xffy\n", "f:2:5: ", "UTF-8"},
        {"a: \xc0\xaf\n", "f:1:4: ", "UTF-8"},
        {"a: \xe2\x82", "f:1:4: ", "UTF-8"},
        {"%YAML 1.1\n%YAML 1.1\n---\na: 1\n", "f:2:1: ", "duplicate"},
        {"a: @b\n", "f:1:4: ", "cannot start any token"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(cases[i].text, strlen(cases[i].text), cases[i].where, cases[i].why);
    refused("a: 1\nb: x\0y\n", 12, "f:2:5: ", "control characters");
}

static void bombs_are_refused(void **state)
{
    (void)state;
    const char *laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n";
    refused(laughs, strlen(laughs), "f:1:4: ", "anchors");
    aq_autobuffer struct aq_buffer text = {0};
    aq_buffer_add_text(&text, "a: ");
    for (int i = 0; i < 500000; i++)
        aq_buffer_add_char(&text, '[');
    refused(text.data, text.length, "f:1:", "");
    aq_buffer_clear(&text);
    for (unsigned depth = 0; depth < 400; depth++)
        aq_buffer_format(&text, "%*sk:\n", (int)depth, "");
    refused(text.data, text.length, "f:33:", "more than 32 levels");
    aq_buffer_clear(&text);
    while (text.length <= 1 << 20)
        aq_buffer_format(&text, "k%zu: v\n", text.length);
    refused(text.data, text.length, "f:1:1: ", "more than 1048576 bytes");
    aq_buffer_clear(&text);
    for (int i = 0; i < 257; i++)
        aq_buffer_add_char(&text, 'k');
    aq_buffer_add_text(&text, ": v\n");
    refused(text.data, text.length, "f:1:1: ", "longer than 256 bytes");
}

static void assert_round_trip(const json_t *tree)
{
    aq_autobuffer struct aq_buffer text = {0};
    assert_ok(aq_yaml_write(tree, &text, &err));
    aq_autojson json_t *again = aq_yaml_parse(text.data, text.length, "f", &err);
    if (again == NULL)
        fail_msg("%s in\n%s", err.text, text.data);
    if (!json_equal(tree, again))
        fail_msg("another tree from\n%s", text.data);
}

static void what_is_written_is_read_back_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "plain",
        "two words",
        "a: b",
        "a:",
        ": a",
        ":a",
        "a #b",
        "# a",
        "-",
        "- a",
        "--- a",
        "...",
        "?",
        "? a",
        "true",
        "True",
        "no",
        "NULL",
        "~",
        "1",
        "-1",
        "0644",
        "1.5",
        "1e3",
        ".5",
        ".inf",
        "0x1F",
        "12:30:45",
        "2026-03-01T09:30:00Z",
        "{a}",
        "[a]",
        "a, b",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "'",
        "\"",
        "\\",
        "a'b\"c\\d",
        "@a",
        "`a",
        "%a",
        "a\tb",
        "\ta",
        "a\n",
        "\n",
        "a\n\nb\n",
        "\r\n",
        "trailing ",
        "/a/b:c",
        "a b: c",
        "52:54:00:12:34:56",
        "caf\xc3\xa9",
        "\xe2\x98\xba",
        "\xf0\x9f\x98\x80",
        "\xef\xbb\xbf"
        "bom",
        "\xc2\x85",
        "\xe2\x80\xa8",
        "\x01\x1b\x7f",
        "\xc2\x80",
        "\xef\xbf\xbf",
        "=",
        "<<",
        "key=value",
        "user@host",
        "50%",
        "a+b",
    };
    aq_autojson json_t *tree = json_object();
    json_t *list = json_array();
    json_t *nested = json_array();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_object_set_new(tree, texts[i], json_string(texts[i]));
        json_array_append_new(list, json_string(texts[i]));
        json_array_append_new(nested, json_pack("{s:s, s:[[s, i], {}, []], s:{s:b}}", "a", texts[i], "b",
                                                texts[i], -5, "c", texts[i], i % 2 == 0));
        assert_round_trip(tree);
    }
    json_object_set_new(tree, "list", list);
    json_object_set_new(tree, "nested", nested);
    json_object_set_new(tree, "largest", json_integer(INT64_MAX));
    json_object_set_new(tree, "smallest", json_integer(INT64_MIN));
    assert_round_trip(tree);
    aq_autojson json_t *empty = json_object();
    assert_round_trip(empty);
}

static void records_look_as_a_person_would_write_them(void **state)
{
    (void)state;
    aq_autojson json_t *tree = json_pack("{s:s, s:i, s:b, s:[s, s], s:[{s:i, s:s}], s:{s:s}, s:[]}", "name",
                                         "web-1", "cpus", 2, "keep", 1, "files", "/a b/c", "1.5", "ports",
                                         "host", 8080, "proto", "tcp", "base", "id", "12:34", "none");
    aq_autobuffer struct aq_buffer text = {0};
    assert_ok(aq_yaml_write(tree, &text, &err));
    assert_string_equal(text.data, "name: web-1\n"
                                   "cpus: 2\n"
                                   "keep: true\n"
                                   "files:\n"
                                   "  - /a b/c\n"
                                   "  - \"1.5\"\n"
                                   "ports:\n"
                                   "  - host: 8080\n"
                                   "    proto: tcp\n"
                                   "base:\n"
                                   "  id: \"12:34\"\n"
                                   "none: []\n");
}

static void what_would_not_be_read_is_not_written(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer text = {0};
    json_t *deep = json_object();
    for (int i = 0; i < 32; i++)
        deep = json_pack("{s:o}", "k", deep);
    json_t *refusals[] = {
        json_pack("{s:n}", "a"),
        json_pack("{s:f}", "a", 1.5),
        json_pack("{s:o}", "a", json_stringn_nocheck("x\0y", 3)),
        json_pack("[s]", "a"),
        json_string("a"),
        json_pack("{s:o}", "k", deep),
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        assert_fails(aq_yaml_write(refusals[i], &text, &err), AQ_E_RECORD_INVALID);
        json_decref(refusals[i]);
    }
    char key[258];
    memset(key, 'k', 257);
    key[257] = '\0';
    aq_autojson json_t *long_key = json_pack("{s:i}", key, 1);
    assert_fails(aq_yaml_write(long_key, &text, &err), AQ_E_RECORD_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain_scalars_have_types_and_quoted_ones_are_text, fresh),
        cmocka_unit_test_setup(structures_of_any_style_are_read, fresh),
        cmocka_unit_test_setup(every_refusal_says_where, fresh),
        cmocka_unit_test_setup(bombs_are_refused, fresh),
        cmocka_unit_test_setup(what_is_written_is_read_back_the_same, fresh),
        cmocka_unit_test_setup(records_look_as_a_person_would_write_them, fresh),
        cmocka_unit_test_setup(what_would_not_be_read_is_not_written, fresh),
    };
    return cmocka_run_group_tests_name("util/yaml", tests, NULL, NULL);
}
